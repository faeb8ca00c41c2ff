// @ts-check
/**
 * Who is to be seen how large. Pure: states in, keys and rectangles out.
 *
 * @typedef {import("./types.js").RoomState} RoomState
 * @typedef {import("./types.js").Seat} Seat
 * @typedef {import("./types.js").Source} Source
 *
 * @typedef {object} Tile
 * @property {string} key `<seat>/camera` or `<seat>/screen`
 * @property {string} seat
 * @property {Source} source
 *
 * @typedef {object} Rect fractions of nothing: CSS pixels from the inline start and the top
 * @property {number} x
 * @property {number} y
 * @property {number} w
 * @property {number} h
 *
 * @typedef {object} Arrangement
 * @property {Tile[]} large most important first
 * @property {Tile[]} small anchors (presiding judge, accused, speaker) first
 */

export const PHONE_WIDTH = 640;
const GAP = 8;
/** With at most this many tiles on a wide screen everybody is equally large. */
const GRID = 4;
/** Pictures on one page: so many the server sends. Whoever is beyond is heard, and a page away. */
export const MOST_TILES = 12;
/** With more tiles than this, one large picture and the others around it are better than three. */
const CROWD = 8;
/** Below this a name cannot be read, CSS pixels. */
const SMALLEST = { w: 128, h: 92 };
/** A strip of small tiles: at most so many side by side on a telephone. */
const PHONE_COLUMNS = 3;
const PHONE_ROWS = 2;

/** @param {string} seat @param {Source} source @returns {Tile} */
const tile = (seat, source) => ({ key: `${seat}/${source}`, seat, source });

/**
 * Seats that are in the same space as this page's.
 * @param {RoomState} state
 * @returns {Seat[]}
 */
export function together(state) {
  const place = state.me.place === "private" ? "private" : "hearing";
  const room = state.private.find((item) => item.id === state.me.private);
  return state.seats.filter((seat) => {
    if (!seat.present || seat.place !== place) return false;
    return place === "hearing" || room === undefined || room.seats.includes(seat.id);
  });
}

/**
 * @param {Seat[]} seats @param {string} spotlight @param {string | null} floor
 * @returns {string[]} seat ids that must always be found at a glance, in this order
 */
function anchors(seats, spotlight, floor) {
  const of = (/** @type {string} */ role) => seats.filter((seat) => seat.role === role);
  const accused = of("accused");
  const shown = accused.find((seat) => seat.id === spotlight) ?? accused[0];
  const speaker = seats.find((seat) => seat.id === spotlight) ?? seats.find((s) => s.id === floor);
  const wanted = [speaker?.id, ...of("presiding_judge").map((seat) => seat.id), shown?.id];
  return [...new Set(wanted.filter((id) => id !== undefined))];
}

/**
 * @typedef {object} Options
 * @property {string} spotlight the seat that spoke last
 * @property {string} [pinned] key of a tile that this person wants large
 * @property {string} [signer] seat whose sign language this person follows: always large
 * @property {boolean} phone
 * @property {boolean} [detained]
 * @property {boolean} [even] this person wants everybody equally large
 */

/**
 * Choose the large tiles and order the small ones.
 * @param {RoomState} state
 * @param {Options} options
 * @returns {Arrangement}
 */
export function arrange(state, options) {
  const seats = together(state);
  const others = seats.filter((seat) => seat.id !== state.me.seat);
  const first = anchors(others, options.spotlight, state.floor);
  const rank = ranking(state, first, others);
  const cameras = [...seats].sort((a, b) => rank(a) - rank(b)).map((s) => tile(s.id, "camera"));
  const screens = others.filter((s) => s.sources.screen).map((s) => tile(s.id, "screen"));
  const all = [...screens, ...cameras];
  const pinned = all.filter((item) => item.key === options.pinned);
  const chosen = pinned.length > 0 ? pinned : pick(all, screens, first, options);
  const signs = all.find((item) => item.seat === options.signer && item.source === "camera");
  const large = signs === undefined || chosen.length === all.length ? chosen : [...chosen.filter((item) => item !== signs).slice(0, 2), signs];
  const keys = new Set(large.map((item) => item.key));
  return { large, small: all.filter((item) => !keys.has(item.key)) };
}

/**
 * Whose small tile comes first: who shares a screen, the anchors, raised hands, everybody with a
 * picture in the order of the booking, those without one, and oneself.
 * @param {RoomState} state @param {string[]} first @param {Seat[]} others
 * @returns {(seat: Seat) => number}
 */
function ranking(state, first, others) {
  const order = new Map(others.map((seat, i) => [seat.id, i]));
  return (seat) => {
    if (seat.id === state.me.seat) return 1000;
    if (seat.sources.screen) return -1;
    const at = first.indexOf(seat.id);
    if (at !== -1) return at;
    const place = order.get(seat.id) ?? 0;
    if (seat.hand !== null) return 10 + place / 100;
    return (seat.sources.camera ? 100 : 400) + place;
  };
}

/**
 * @param {Tile[]} all @param {Tile[]} screens @param {string[]} first
 * @param {Options} options
 */
function pick(all, screens, first, options) {
  if (screens.length > 0) return screens.slice(0, 1);
  const wide = !options.phone && !options.detained;
  if (wide && (all.length <= GRID || options.even)) return all.slice(0, MOST_TILES);
  const count = options.phone ? 1 : options.detained ? 2 : all.length > CROWD ? 1 : 3;
  const anchored = first.slice(0, count).map((seat) => tile(seat, "camera"));
  return anchored.length > 0 ? anchored : all.slice(0, 1);
}

/**
 * @typedef {object} Placed
 * @property {Map<string, Rect>} rects of what is on this page; who is not in it is a page away
 * @property {number} height the tiles' box; higher than asked where a phone is too low
 * @property {number} pages of small tiles
 * @property {number} page the one that is shown
 */

/**
 * Rectangles for an arrangement in a box. No two overlap and none leaves the box, unless the box
 * is too low for the small tiles of a phone: then `height` of the answer says how high it becomes.
 * @param {Arrangement} arrangement
 * @param {number} width
 * @param {number} height
 * @param {boolean} phone
 * @param {number} [page] of the small tiles, from 0
 * @returns {Placed}
 */
export function place(arrangement, width, height, phone, page = 0) {
  const { large, small } = arrangement;
  const room = phone ? PHONE_COLUMNS * PHONE_ROWS : fitting(arrangement, width, height);
  const pages = Math.max(1, Math.ceil(small.length / Math.max(1, room)));
  const shown = Math.min(Math.max(0, page), pages - 1);
  const here = small.slice(shown * room, (shown + 1) * room);
  const rects = /** @type {Map<string, Rect>} */ (new Map());
  const box = { x: 0, y: 0, w: width, h: height };
  let needed = height;
  if (here.length === 0) fill(rects, large, box);
  else if (phone) needed = placeStacked(rects, large, here, width, height, pages > 1);
  else if (large[0]?.source === "screen") placeAside(rects, large, here, box);
  else if (large.length === 1 && here.length >= CROWD) placeAround(rects, large[0], here, box);
  else placeBeside(rects, large, here, width, height);
  return { rects, height: needed, pages, page: shown };
}

/**
 * How many small tiles a page of a wide screen has.
 * @param {Arrangement} arrangement @param {number} width @param {number} height
 */
function fitting({ large, small }, width, height) {
  const most = Math.max(1, MOST_TILES - large.length);
  if (large[0]?.source === "screen") {
    return Math.min(MOST_TILES, asideColumns(small.length, height) * Math.max(1, Math.floor((height + GAP) / (SMALLEST.h + GAP))));
  }
  if (large.length > 1) return Math.min(most, Math.max(1, Math.floor((width + GAP) / (SMALLEST.w + GAP))));
  return most;
}

/**
 * Large on top, small in rows of three below.
 * @param {Map<string, Rect>} rects @param {Tile[]} large @param {Tile[]} small
 * @param {number} width @param {number} height @param {boolean} full rows of the same height on every page
 * @returns {number} the height that is needed
 */
function placeStacked(rects, large, small, width, height, full) {
  const columns = full ? PHONE_COLUMNS : Math.min(PHONE_COLUMNS, small.length);
  const rows = full ? PHONE_ROWS : Math.ceil(small.length / columns);
  const w = (width - GAP * (columns - 1)) / columns;
  const h = Math.min((w * 3) / 4, 120);
  const strip = rows * (h + GAP);
  const top = Math.max(height - strip, Math.min((width * 9) / 16, height * 0.5));
  fill(rects, large, { x: 0, y: 0, w: width, h: top });
  small.forEach((item, i) => {
    const x = (i % columns) * (w + GAP);
    rects.set(item.key, { x, y: top + GAP + Math.floor(i / columns) * (h + GAP), w, h });
  });
  return Math.max(height, top + strip);
}

/**
 * Large in the main area, small in one strip below it.
 * @param {Map<string, Rect>} rects @param {Tile[]} large @param {Tile[]} small
 * @param {number} width @param {number} height
 */
function placeBeside(rects, large, small, width, height) {
  const ideal = Math.max(96, Math.min(height * 0.22, 150));
  const w = Math.min((ideal * 16) / 9, (width - GAP * (small.length - 1)) / small.length);
  const h = Math.min(ideal, Math.max(72, (w * 3) / 4));
  const top = height - h - GAP;
  fill(rects, large, { x: 0, y: 0, w: width, h: top });
  const start = (width - small.length * w - GAP * (small.length - 1)) / 2;
  small.forEach((item, i) => {
    rects.set(item.key, { x: start + i * (w + GAP), y: top + GAP, w, h });
  });
}

/** Columns beside a shared screen. @param {number} count @param {number} height */
const asideColumns = (count, height) => (count * (SMALLEST.h + GAP) > height + GAP ? 2 : 1);

/**
 * A shared screen as large as can be, the people in columns at its end.
 * @param {Map<string, Rect>} rects @param {Tile[]} large @param {Tile[]} small @param {Rect} box
 */
function placeAside(rects, large, small, box) {
  const columns = asideColumns(small.length, box.h);
  const rows = Math.ceil(small.length / columns);
  const w = Math.max(SMALLEST.w, Math.min(box.w * (columns === 1 ? 0.2 : 0.15), 220));
  const h = Math.min((box.h - GAP * (rows - 1)) / rows, Math.max(SMALLEST.h, (w * 3) / 4));
  const x = box.w - columns * w - GAP * (columns - 1);
  fill(rects, large, { ...box, w: x - GAP });
  small.forEach((item, i) => {
    const column = i % columns;
    const row = Math.floor(i / columns);
    rects.set(item.key, { x: x + column * (w + GAP), y: row * (h + GAP), w, h });
  });
}

/**
 * A mosaic: one tile over several cells of a grid, the others in a cell each.
 * @param {Map<string, Rect>} rects @param {Tile} first @param {Tile[]} rest @param {Rect} box
 */
function placeAround(rects, first, rest, box) {
  const { columns, rows, span } = mosaic(rest.length, box);
  const w = (box.w - GAP * (columns - 1)) / columns;
  const h = (box.h - GAP * (rows - 1)) / rows;
  rects.set(first.key, { x: 0, y: 0, w: w * span + GAP * (span - 1), h: h * span + GAP * (span - 1) });
  let i = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = row < span ? span : 0; column < columns; column++) {
      const item = rest[i++];
      if (item !== undefined) rects.set(item.key, { x: column * (w + GAP), y: row * (h + GAP), w, h });
    }
  }
}

/**
 * The grid whose small pictures are largest while the large one has at least four times their area.
 * @param {number} count of small tiles @param {Rect} box
 */
function mosaic(count, box) {
  let best = { columns: 5, rows: 3, span: 2 };
  let most = 0;
  for (const span of [2, 3]) {
    for (let columns = span + 1; columns <= 8; columns++) {
      for (let rows = span; rows <= 8; rows++) {
        const free = columns * rows - span * span - count;
        if (free < 0) continue;
        const w = (box.w - GAP * (columns - 1)) / columns;
        const h = (box.h - GAP * (rows - 1)) / rows;
        // What is left empty counts against a grid, and so does a picture that is no picture any more.
        const picture = Math.min(w, (h * 16) / 9) * Math.min(h, (w * 3) / 4) * (1 - free * 0.04) * (span === 3 ? 1.2 : 1);
        if (picture > most) [best, most] = [{ columns, rows, span }, picture];
      }
    }
  }
  return best;
}

/**
 * Equal rectangles in `box`; the number of columns is the one whose 16:9 pictures are largest.
 * @param {Map<string, Rect>} rects @param {Tile[]} tiles @param {Rect} box
 */
function fill(rects, tiles, box) {
  if (tiles.length === 3 && box.w > box.h * 1.3) {
    fillOneAndTwo(rects, tiles, box);
    return;
  }
  const columns = bestColumns(tiles.length, box.w, box.h);
  const rows = Math.ceil(tiles.length / columns);
  const w = (box.w - GAP * (columns - 1)) / columns;
  const h = (box.h - GAP * (rows - 1)) / rows;
  tiles.forEach((item, i) => {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, tiles.length - row * columns);
    const indent = ((columns - inRow) * (w + GAP)) / 2;
    const x = box.x + indent + (i % columns) * (w + GAP);
    rects.set(item.key, { x, y: box.y + row * (h + GAP), w, h });
  });
}

/**
 * The first large, the other two above each other at its end: no room is left empty.
 * @param {Map<string, Rect>} rects @param {Tile[]} tiles @param {Rect} box
 */
function fillOneAndTwo(rects, [first, ...rest], box) {
  const w = (box.w - GAP) * 0.64;
  const h = (box.h - GAP) / 2;
  rects.set(first.key, { ...box, w });
  rest.forEach((item, i) => {
    rects.set(item.key, { x: box.x + w + GAP, y: box.y + i * (h + GAP), w: box.w - w - GAP, h });
  });
}

/** @param {number} count @param {number} width @param {number} height */
function bestColumns(count, width, height) {
  let best = 1;
  let size = 0;
  for (let columns = 1; columns <= count; columns++) {
    const w = (width - GAP * (columns - 1)) / columns;
    const rows = Math.ceil(count / columns);
    const h = (height - GAP * (rows - 1)) / rows;
    const picture = Math.min(w, (h * 16) / 9);
    if (picture > size) [best, size] = [columns, picture];
  }
  return best;
}
