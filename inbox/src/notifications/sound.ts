/** The sound of a new message: two soft tones, made here, so that there is no file to load. */

/** Hertz, and seconds after the beginning. */
const TONES = [
  { pitch: 659.25, at: 0 },
  { pitch: 880, at: 0.12 },
];
const LENGTH = 0.45;
const LOUDNESS = 0.12;

let audio: AudioContext | null = null;

/** Whether the browser lets this page make a sound: the person has pressed something in it. */
export function canPlay(): boolean {
  return navigator.userActivation.hasBeenActive;
}

export function play(): void {
  audio ??= new AudioContext();
  // A browser suspends what has been silent for long.
  void audio.resume();
  for (const { pitch, at } of TONES) playTone(audio, pitch, audio.currentTime + at);
}

function playTone(context: AudioContext, pitch: number, start: number): void {
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.type = "sine";
  tone.frequency.value = pitch;
  // Risen and faded, since a tone that begins or ends at once clicks.
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
  volume.gain.exponentialRampToValueAtTime(0.001, start + LENGTH);
  tone.connect(volume).connect(context.destination);
  tone.start(start);
  tone.stop(start + LENGTH);
}
