// In place of camera and microphone: a picture of one colour and a tone of one pitch, which the
// test changes, so that it can later look for them in the files.
(() => {
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 240;
  const paint = canvas.getContext("2d");
  let colour = "rgb(0, 128, 0)";
  let frame = 0;
  let tone;
  window.__mark = (newColour, pitch) => {
    colour = newColour;
    if (tone) tone.frequency.value = pitch;
  };
  setInterval(() => {
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 320, 240);
    paint.fillStyle = "rgb(255, 255, 255)";
    paint.fillRect((frame++ * 8) % 320, 0, 4, 4);
  }, 100);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const tracks = [];
    if (wish.video) tracks.push(...canvas.captureStream(10).getVideoTracks());
    if (wish.audio) {
      const sound = new AudioContext({ sampleRate: 48000 });
      const out = sound.createMediaStreamDestination();
      tone = sound.createOscillator();
      tone.frequency.value = 440;
      const volume = sound.createGain();
      volume.gain.value = 0.3;
      tone.connect(volume).connect(out);
      tone.start();
      tracks.push(...out.stream.getAudioTracks());
    }
    return new MediaStream(tracks);
  };
  // What colour the pictures of others have here: the middle pixel of each remote video.
  window.__seen = () =>
    [...document.querySelectorAll(".stage video")].map((video) => {
      const look = document.createElement("canvas").getContext("2d");
      look.drawImage(video, 0, 0, 8, 8);
      return [...look.getImageData(4, 4, 1, 1).data.slice(0, 3)];
    });
})();
