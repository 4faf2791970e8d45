/** The ring: synthesized, so that there is no file to load; two soft notes every two and a half seconds. */

import { config } from "./strings";

const VOLUME = `ringdesk:volume:${config.member ?? 0}`;
const MUTED = `ringdesk:muted:${config.member ?? 0}`;
const PERIOD = 2_500;
const NOTES: readonly [number, number][] = [
  [659.3, 0],
  [880, 0.16],
  [659.3, 0.42],
  [880, 0.58],
];

let context: AudioContext | null = null;
let timer = 0;

/** Return the remembered volume, 0…1. */
export function volume(): number {
  const stored = localStorage.getItem(VOLUME);
  return stored === null ? 0.6 : Math.min(1, Math.max(0, Number(stored)));
}

export function setVolume(value: number): void {
  localStorage.setItem(VOLUME, String(value));
}

export function isMuted(): boolean {
  return localStorage.getItem(MUTED) === "1";
}

export function setMuted(muted: boolean): void {
  localStorage.setItem(MUTED, muted ? "1" : "0");
  if (muted) stopRinging();
}

function note(audio: AudioContext, frequency: number, at: number): void {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.type = "sine";
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0.0001, at);
  gain.gain.exponentialRampToValueAtTime(Math.max(0.0002, volume() * 0.5), at + 0.015);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.32);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.34);
}

/** Play the two notes once; nothing happens until the page was touched once (browsers insist). */
export function chime(): void {
  if (context?.state !== "running" || volume() === 0) return;
  for (const [frequency, delay] of NOTES) note(context, frequency, context.currentTime + 0.02 + delay);
}

export function startRinging(): void {
  if (timer !== 0 || isMuted()) return;
  chime();
  timer = window.setInterval(chime, PERIOD);
}

export function stopRinging(): void {
  window.clearInterval(timer);
  timer = 0;
}

function unlock(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
}

export function start(): void {
  if (config.member === null) return;
  for (const gesture of ["pointerdown", "keydown"]) {
    document.addEventListener(gesture, unlock, { once: true, capture: true });
  }
}
