// What is heard: each result once, when its number grows. Its visible twin is the message and the lamp of the view.

const DECODED = new Map();
let context = null;
let lastN = null;

/** Play the view's newest cue, if it is new; never one that was given before this page was there. */
export function hear({ sound }) {
  if (!sound) return;
  const isNew = lastN !== null && sound.n > lastN;
  lastN = sound.n;
  if (isNew && sound.cue && sound.volume > 0) play(sound.cue, sound.volume / 100).catch(() => {}); // a page nobody has touched may not sound
}

async function play(cue, volume) {
  context ??= new AudioContext();
  if (!DECODED.has(cue)) {
    const answer = await fetch(`/static/sounds/${cue}.wav`);
    DECODED.set(cue, await context.decodeAudioData(await answer.arrayBuffer()));
  }
  const source = new AudioBufferSourceNode(context, { buffer: DECODED.get(cue) });
  source.connect(new GainNode(context, { gain: volume })).connect(context.destination);
  document.documentElement.dataset.heard = cue;
  source.start();
}
