/** The live channel: resumes where it left off, reconnects by itself, says when the page is not fresh.
 *  Every frame becomes a DOM event `ringdesk:<type>` on the body, for htmx triggers and for other modules. */

import { clockText, now } from "./clock";
import { config, text } from "./strings";
import { tellSignedOut } from "./requests";

export interface Frame {
  id?: number;
  type: string;
  at?: string;
  [part: string]: unknown;
}

export interface FrameEvent {
  frame: Frame | null;
  frames: Frame[];
  resync?: boolean;
}

const TYPES = [
  "call.ringing",
  "call.answered",
  "call.held",
  "call.transferred",
  "call.ended",
  "call.linked",
  "call.recording",
  "call.recording_changed",
  "call.settled",
  "call.ignored",
  "popup.closed",
  "window.open",
  "interaction.created",
  "interaction.changed",
  "reservation.changed",
  "booking.changed",
  "schedule.changed",
  "order.changed",
  "feed.added",
];
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const OFFLINE_AFTER = 2_000;
/** A burst of one type becomes at most about three DOM events a second; the last one always arrives. */
const COALESCE = 320;
/** Close codes after which trying again is useless until somebody signs in: no token, not allowed. After 4009 (the
 *  seat was changed or taken away) the next attempt tells which of the two it was. */
const FINAL_CODES = new Set([4001, 4003]);

const storageKey = `ringdesk:last:${config.organization ?? 0}:${config.member ?? 0}`;
let socket: WebSocket | null = null;
let attempts = 0;
let freshUntil = now();
let offlineTimer = 0;
let retryTimer = 0;
let over = false;

function rememberedId(): number | null {
  const stored = Number(sessionStorage.getItem(storageKey) ?? "");
  // The page itself shows everything up to its own rendering.
  const known = Math.max(Number.isFinite(stored) ? stored : 0, config.lastEvent ?? 0);
  return known > 0 ? known : null;
}

let lastId = rememberedId();

function remember(id: number): void {
  lastId = id;
  sessionStorage.setItem(storageKey, String(id));
}

interface Queue {
  frames: Frame[];
  timer: number;
  resync: boolean;
}
const queues = new Map<string, Queue>();

function emit(type: string, detail: FrameEvent): void {
  document.body.dispatchEvent(new CustomEvent(`ringdesk:${type}`, { detail }));
}

function drain(type: string, queue: Queue): void {
  queue.timer = 0;
  if (queue.frames.length === 0 && !queue.resync) return;
  const frames = queue.frames;
  const resync = queue.resync;
  queue.frames = [];
  queue.resync = false;
  queue.timer = window.setTimeout(() => drain(type, queue), COALESCE);
  emit(type, { frame: frames.at(-1) ?? null, frames, resync });
}

function dispatch(type: string, frame: Frame | null, resync = false): void {
  let queue = queues.get(type);
  if (!queue) {
    queue = { frames: [], timer: 0, resync: false };
    queues.set(type, queue);
  }
  if (frame) queue.frames.push(frame);
  queue.resync ||= resync;
  if (queue.timer === 0) drain(type, queue);
}

function refreshEverything(): void {
  for (const type of TYPES) dispatch(type, null, true);
  emit("refresh", { frame: null, frames: [], resync: true });
}

function receive(raw: string): void {
  const frame = JSON.parse(raw) as Frame;
  if (typeof frame.id === "number") {
    if (lastId !== null && frame.id <= lastId) return;
    remember(frame.id);
  }
  freshUntil = now();
  if (frame.type === "resync") {
    // Of another count of ids (a restored backup, say): begin anew with the next frame.
    lastId = null;
    sessionStorage.removeItem(storageKey);
    refreshEverything();
  }
  else dispatch(frame.type, frame);
}

function bar(): HTMLElement | null {
  return document.getElementById("offline");
}

function showOffline(): void {
  const element = bar();
  if (!element || over) return;
  const words = element.querySelector("[data-offline-text]");
  if (words) words.textContent = text("offline", { time: clockText(freshUntil) });
  element.hidden = false;
}

function hideOffline(): void {
  window.clearTimeout(offlineTimer);
  offlineTimer = 0;
  const element = bar();
  if (element) element.hidden = true;
}

function waitTime(): number {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts);
  return longest / 2 + Math.random() * (longest / 2);
}

function closed(code: number): void {
  socket = null;
  if (FINAL_CODES.has(code)) {
    over = true;
    hideOffline();
    tellSignedOut();
    return;
  }
  if (offlineTimer === 0) {
    freshUntil = now();
    offlineTimer = window.setTimeout(showOffline, OFFLINE_AFTER);
  }
  window.clearTimeout(retryTimer);
  retryTimer = window.setTimeout(connect, waitTime());
  attempts += 1;
}

function opened(afterGap: boolean): void {
  attempts = 0;
  freshUntil = now();
  hideOffline();
  // Without an id to resume from nobody can tell what was missed between the page and the socket.
  if (afterGap) refreshEverything();
  document.body.dispatchEvent(new CustomEvent("ringdesk:online"));
}

function connect(): void {
  if (over || socket) return;
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const after = lastId === null ? "" : `?after=${lastId}`;
  const fresh = new WebSocket(`${scheme}//${location.host}${config.socket}${after}`);
  socket = fresh;
  fresh.addEventListener("open", () => opened(after === ""));
  fresh.addEventListener("message", (event) => receive(String(event.data)));
  fresh.addEventListener("close", (event) => {
    if (socket === fresh) closed(event.code);
  });
}

function connectSooner(): void {
  if (socket || over) return;
  window.clearTimeout(retryTimer);
  attempts = 0;
  connect();
}

/** Send a message; false when there is no connection now. */
export function send(message: Record<string, unknown>): boolean {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(message));
  return true;
}

/** Listen to frames of a type (coalesced), or to "refresh" and "online". */
export function onLive(type: string, listener: (event: FrameEvent) => void): void {
  document.body.addEventListener(`ringdesk:${type}`, (event) => {
    listener((event as CustomEvent<FrameEvent | null>).detail ?? { frame: null, frames: [] });
  });
}

export function start(): void {
  if (config.member === null || config.socket === "") return;
  connect();
  window.addEventListener("online", connectSooner);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connectSooner();
  });
  document.querySelector("[data-reconnect]")?.addEventListener("click", connectSooner);
  window.addEventListener("pagehide", (event) => {
    // A page kept by the back button must not hold a socket; it reconnects when shown again.
    if (event.persisted && socket) socket.close();
  });
}
