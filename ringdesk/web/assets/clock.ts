/** Time by the server's clock: countdowns and the now line must not depend on a wrong clock of the desk. */

import { config, text } from "./strings";

const drift = config.now - Date.now();
const SKEW = Math.abs(drift) > 5_000 ? drift : 0;

/** Return milliseconds since the epoch by the server's clock. */
export function now(): number {
  return Date.now() + SKEW;
}

const clockFormat = new Intl.DateTimeFormat(config.language, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
  timeZone: config.timezone,
});

/** Return HH:MM in the branch's zone. */
export function clockText(moment: number): string {
  return clockFormat.format(moment);
}

/** Return m:ss, or h:mm:ss from an hour on. */
export function runningText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** Return “2 min ago” in the user's language; the server's filter `ago` says the same. */
export function agoText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return text("ago.now");
  if (seconds < 3600) return text("ago.minutes", { count: Math.floor(seconds / 60) });
  if (seconds < 86_400) return text("ago.hours", { count: Math.floor(seconds / 3600) });
  return text("ago.days", { count: Math.floor(seconds / 86_400) });
}

type Tick = (moment: number) => void;
const ticks: Tick[] = [];

/** Call this once a second from now on. */
export function everySecond(tick: Tick): void {
  ticks.push(tick);
}

function setText(element: Element, value: string): void {
  if (element.textContent !== value) element.textContent = value;
}

function refreshTexts(moment: number): void {
  for (const element of document.querySelectorAll<HTMLElement>("[data-running-since]")) {
    setText(element, runningText(moment - Date.parse(element.dataset["runningSince"] ?? "")));
  }
  for (const element of document.querySelectorAll<HTMLElement>("[data-ago]")) {
    setText(element, agoText(moment - Date.parse(element.dataset["ago"] ?? "")));
  }
}

/** Run all ticks once, now: after new content has come. */
export function tickNow(): void {
  const moment = now();
  for (const tick of ticks) tick(moment);
}

export function start(): void {
  everySecond(refreshTexts);
  setInterval(tickNow, 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) tickNow();
  });
  tickNow();
}
