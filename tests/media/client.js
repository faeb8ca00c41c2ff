// A participant for tests: the conventions of docs/media.md in the smallest form.
// Python carries the descriptions; nothing here talks to a server.
'use strict';

const state = { publish: null, subscribe: null, senders: [], frames: {}, started: 0 };
// A test may add TURN servers or a policy before the page connects.
const configuration = { iceServers: [], bundlePolicy: 'max-bundle' };

// Camera and microphone of the fake device, asked for once.
async function capture(width = 640, height = 480) {
  state.stream ??= await navigator.mediaDevices.getUserMedia({
    audio: true,
    video: { width, height, frameRate: 30 },
  });
}

// Make a new publish connection; a former one is left alone (resume), or closed by abandon().
async function publishOffer({ camera = true, microphone = true, layers = false, hd = false } = {}) {
  await (hd ? capture(1280, 720) : capture());
  const pc = new RTCPeerConnection(configuration);
  const [audio] = state.stream.getAudioTracks();
  const [video] = state.stream.getVideoTracks();
  const send = { direction: 'sendonly' };
  pc.addTransceiver(microphone ? audio : 'audio', send);
  // Chromium sends only the first two of three layers where the camera has less than 960x540.
  const sendEncodings = hd
    ? [
        { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
        { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
        { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
      ]
    : [
        { rid: 'l', scaleResolutionDownBy: 2, maxBitrate: 150_000 },
        { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 800_000 },
      ];
  pc.addTransceiver(camera ? video : 'video', layers ? { ...send, sendEncodings } : send);
  pc.addTransceiver('video', send);
  state.older = state.publish;
  state.publish = pc;
  state.senders = pc.getSenders();
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}

async function publishAnswer(sdp) {
  await state.publish.setRemoteDescription({ type: 'answer', sdp });
}

// A canvas as the screen, so that it looks different from the camera.
async function shareScreen() {
  const canvas = document.createElement('canvas');
  canvas.width = 800;
  canvas.height = 600;
  const context = canvas.getContext('2d');
  let step = 0;
  state.painter = setInterval(() => {
    context.fillStyle = `hsl(${step} 80% 50%)`;
    context.fillRect(0, 0, 800, 600);
    context.fillStyle = '#000';
    context.fillText(String(step++), 50, 50);
  }, 50);
  await state.senders[2].replaceTrack(canvas.captureStream(20).getVideoTracks()[0]);
}

async function stopScreen() {
  clearInterval(state.painter);
  await state.senders[2].replaceTrack(null);
}

async function subscribeAnswer(sdp) {
  const pc = new RTCPeerConnection(configuration);
  state.subscribe = pc;
  state.frames = {};
  state.started = performance.now();
  pc.ontrack = ({ track, transceiver }) => {
    const element = document.createElement(track.kind);
    element.autoplay = true;
    element.muted = track.kind === 'video';
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
    if (track.kind !== 'video') return;
    const note = () => {
      const seen = (state.frames[transceiver.mid] ??= { count: 0, first: performance.now() });
      seen.count += 1;
      seen.last = performance.now();
      seen.width = element.videoWidth;
      element.requestVideoFrameCallback(note);
    };
    element.requestVideoFrameCallback(note);
  };
  await pc.setRemoteDescription({ type: 'offer', sdp });
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}

// What each slot received so far, by mid.
async function received() {
  const out = {};
  if (!state.subscribe) return out;
  for (const report of (await state.subscribe.getStats()).values()) {
    if (report.type !== 'inbound-rtp') continue;
    const frames = state.frames[report.mid];
    out[report.mid] = {
      packets: report.packetsReceived,
      lost: report.packetsLost,
      decoded: report.framesDecoded ?? 0,
      energy: report.totalAudioEnergy ?? 0,
      freezes: report.freezeCount ?? 0,
      keyframes: report.keyFramesDecoded ?? 0,
      plis: report.pliCount ?? 0,
      nacks: report.nackCount ?? 0,
      buffer: report.jitterBufferEmittedCount
        ? (report.jitterBufferDelay / report.jitterBufferEmittedCount) * 1000 : 0,
      held: (report.jitterBufferDelay ?? 0) * 1000,
      emitted: report.jitterBufferEmittedCount ?? 0,
      playout: report.estimatedPlayoutTimestamp ?? 0,
      first: frames ? frames.first - state.started : null,
      shown: frames ? frames.count : 0,
      width: frames ? frames.width : 0,
    };
  }
  return out;
}

// What the browser sends, by mid.
async function sent() {
  const out = {};
  const stats = await state.publish.getStats();
  for (const report of stats.values()) {
    if (report.type !== 'outbound-rtp') continue;
    out[report.rid ? `${report.mid}/${report.rid}` : report.mid] = {
      packets: report.packetsSent,
      bitrate: report.targetBitrate ?? 0,
      plis: report.pliCount ?? 0,
      width: report.frameWidth ?? 0,
      retransmitted: report.retransmittedPacketsSent ?? 0,
    };
  }
  for (const report of stats.values()) {
    if (report.type === 'transport') out.transport = { srtp: report.srtpCipher, dtls: report.dtlsRole };
  }
  return out;
}
