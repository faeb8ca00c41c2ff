// Five people share two cores here: their fake cameras give a small picture at 10 frames a second.
(() => {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = (wish) =>
    open(wish.video ? { ...wish, video: { width: 320, height: 180, frameRate: 10 } } : wish);
})();
