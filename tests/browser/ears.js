// What a page hears: how loud one pitch is in all that it plays, from 0 up. Reads the streams of the
// audio elements that are not muted, which is what comes out of the loudspeaker.
(() => {
  let context;
  const looks = new WeakMap();
  window.__hears = async (pitch) => {
    context ??= new AudioContext({ sampleRate: 48000 });
    await context.resume();
    const playing = [...document.querySelectorAll("audio")].filter((one) => !one.muted && one.srcObject);
    const fresh = playing.filter((one) => !looks.has(one.srcObject));
    for (const { srcObject } of fresh) {
      const look = context.createAnalyser();
      look.fftSize = 8192;
      look.smoothingTimeConstant = 0;
      context.createMediaStreamSource(srcObject).connect(look);
      looks.set(srcObject, look);
    }
    await new Promise((done) => setTimeout(done, 250)); // a window of the analyser
    let sum = 0;
    for (const { srcObject } of playing) {
      const look = looks.get(srcObject);
      const bins = new Float32Array(look.frequencyBinCount);
      look.getFloatFrequencyData(bins);
      const at = Math.round(pitch / (context.sampleRate / look.fftSize));
      sum += 10 ** (Math.max(...bins.slice(at - 2, at + 3)) / 20);
    }
    return sum;
  };
})();
