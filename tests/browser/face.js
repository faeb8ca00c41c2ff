// A drawn head and shoulders in place of the camera, and silence in place of the microphone.
(() => {
  const draw = (paint, hue, at) => {
    const wall = paint.createLinearGradient(0, 0, 0, 360);
    wall.addColorStop(0, `hsl(${hue} 18% 62%)`);
    wall.addColorStop(1, `hsl(${hue} 22% 38%)`);
    paint.fillStyle = wall;
    paint.fillRect(0, 0, 640, 360);
    paint.fillStyle = `hsl(${hue} 30% 24%)`;
    paint.beginPath();
    paint.ellipse(320, 400, 190, 150, 0, 0, 7);
    paint.fill();
    paint.fillStyle = `hsl(${(hue * 7) % 40 + 15} 38% ${45 + (hue % 30)}%)`;
    paint.beginPath();
    paint.ellipse(320 + 4 * Math.sin(at / 9), 165, 72, 92, 0, 0, 7);
    paint.fill();
  };
  // A camera track of a person; the same number is always the same face.
  window.__face = (number) => {
    const canvas = document.createElement("canvas");
    canvas.width = 640;
    canvas.height = 360;
    const paint = canvas.getContext("2d");
    let at = number;
    draw(paint, number % 360, at);
    setInterval(() => draw(paint, number % 360, at++), 200);
    return canvas.captureStream(5).getVideoTracks()[0];
  };
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const tracks = [];
    if (wish.video) tracks.push(window.__face(200));
    if (wish.audio) tracks.push(new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0]);
    return new MediaStream(tracks);
  };
})();
