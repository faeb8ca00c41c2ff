// Runs in each participant's page before its own scripts: marks the first remote picture and sound.
(() => {
  // When was this person let in, when did the first remote frame show, when was the first sound heard?
  const marks = { admitted: 0, frame: 0, audio: 0 };
  window.__marks = marks;
  const seen = new WeakSet();
  const look = () => {
    for (const video of document.querySelectorAll(".stage video")) {
      // One's own picture is the mirrored one.
      if (seen.has(video) || video.classList.contains("mirrored")) continue;
      seen.add(video);
      const first = () => { if (!marks.frame) marks.frame = performance.now(); };
      video.requestVideoFrameCallback ? video.requestVideoFrameCallback(first) : (video.onplaying = first);
    }
    const { view, phase } = document.documentElement.dataset;
    const inside = view === "hearing" && ["roll_call", "on_record", "off_record"].includes(phase);
    if (!marks.admitted && inside) marks.admitted = performance.now();
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true, attributes: true });
  const Original = RTCPeerConnection;
  const peers = [];
  window.RTCPeerConnection = class extends Original {
    constructor(...options) { super(...options); peers.push(this); }
  };
  // The first sound that was received and played out. (Chromium's fake microphones share one beep
  // among all of a browser, so waiting for loudness would measure that.)
  setInterval(async () => {
    if (marks.audio) return;
    for (const peer of peers) {
      if (peer.connectionState === "closed") continue;
      for (const report of (await peer.getStats()).values()) {
        if (report.type === "inbound-rtp" && report.kind === "audio" && report.jitterBufferEmittedCount > 0 && !marks.audio) {
          marks.audio = performance.now();
        }
      }
    }
  }, 100);
})();
