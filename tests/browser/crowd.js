// Many people from one page, for pictures of a full court: each has a socket and a publish
// connection of the product's own modules, and a drawn face (face.js) for a camera.
// Called with { base, seats }: where the room's modules are, and the seats to fill.
async ({ base, seats }) => {
  const { Media } = await import(`${base}/media.js`);
  const { Signal } = await import(`${base}/signal.js`);
  const csrf = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  const sitting = document.getElementById("room").dataset.sitting;
  const enter = async (seat) => {
    const signal = new Signal({
      ticketUrl: `/api/live/${sitting}/ticket`,
      socketUrl: `ws://${location.host}/live/ws`,
      csrf,
      seat,
      language: () => "en",
      onMessage: (message) => {
        if (message.type === "welcome") {
          media.resume(false);
          void signal.request("sources", { microphone: true, camera: true, screen: false });
        }
        if (message.type === "slots" || message.type === "dropped") media.setSlots({});
      },
      onIce: (ice) => { media.ice = ice; },
    });
    const media = new Media(signal);
    media.mixer.silent = true;
    await media.setTrack("camera", window.__face(seat.length * 31 + seat.charCodeAt(0) * 7));
    signal.start();
    return media;
  };
  window.__crowd = await Promise.all(seats.map(enter));
}
