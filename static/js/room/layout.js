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
 * Choose the large tiles and order the small ones.
 * @param {RoomState} state
 * @param {{ spotlight: string, pinned?: string, phone: boolean, detained?: boolean }} options
 *   `pinned` is the key of a tile that this person wants large
 * @returns {Arrangement}
 */
export function arrange(state, options) {
  const seats = together(state);
  const others = seats.filter((seat) => seat.id !== state.me.seat);
  const first = anchors(others, options.spotlight, state.floor);
  const rank = (/** @type {Seat} */ seat) => {
    if (seat.id === state.me.seat) return 1000;
    const at = first.indexOf(seat.id);
    return at === -1 ? 100 : at;
  };
  const cameras = [...seats].sort((a, b) => rank(a) - rank(b)).map((s) => tile(s.id, "camera"));
  const screens = others.filter((s) => s.sources.screen).map((s) => tile(s.id, "screen"));
  const all = [...screens, ...cameras];
  const pinned = all.filter((item) => item.key === options.pinned);
  const large = pinned.length > 0 ? pinned : pick(all, screens, first, options);
  const keys = new Set(large.map((item) => item.key));
  return { large, small: all.filter((item) => !keys.has(item.key)) };
}

/**
 * @param {Tile[]} all @param {Tile[]} screens @param {string[]} first
 * @param {{ phone: boolean, detained?: boolean }} options
 */
function pick(all, screens, first, options) {
  if (screens.length > 0) return screens.slice(0, 1);
  if (!options.phone && !options.detained && all.length <= GRID) return all;
  const count = options.phone ? 1 : options.detained ? 2 : 3;
  const anchored = first.slice(0, count).map((seat) => tile(seat, "camera"));
  return anchored.length > 0 ? anchored : all.slice(0, 1);
}

/**
 * Rectangles for an arrangement in a box. No two overlap and none leaves the box, unless the box
 * is too low for the small tiles of a phone: then `height` of the answer says how high it becomes.
 * @param {Arrangement} arrangement
 * @param {number} width
 * @param {number} height
 * @param {boolean} phone
 * @returns {{ rects: Map<string, Rect>, height: number }}
 */
export function place(arrangement, width, height, phone) {
  const rects = /** @type {Map<string, Rect>} */ (new Map());
  const { large, small } = arrangement;
  if (small.length === 0) {
    fill(rects, large, { x: 0, y: 0, w: width, h: height });
    return { rects, height };
  }
  return phone
    ? placeStacked(rects, large, small, width, height)
    : placeBeside(rects, large, small, width, height);
}

/**
 * Large on top, small in rows of three below.
 * @param {Map<string, Rect>} rects @param {Tile[]} large @param {Tile[]} small
 * @param {number} width @param {number} height
 */
function placeStacked(rects, large, small, width, height) {
  const columns = Math.min(3, small.length);
  const rows = Math.ceil(small.length / columns);
  const w = (width - GAP * (columns - 1)) / columns;
  const h = Math.min((w * 3) / 4, 120);
  const strip = rows * (h + GAP);
  const top = Math.max(height - strip, Math.min((width * 9) / 16, height * 0.5));
  fill(rects, large, { x: 0, y: 0, w: width, h: top });
  small.forEach((item, i) => {
    const x = (i % columns) * (w + GAP);
    rects.set(item.key, { x, y: top + GAP + Math.floor(i / columns) * (h + GAP), w, h });
  });
  return { rects, height: Math.max(height, top + strip) };
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
  return { rects, height };
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
