/** Bars of the timeline with data-move-url can be dragged in time and to another table, and pulled at an end.
 *  A finger must rest on a bar first, so that scrolling stays scrolling. The server decides; a refusal puts it back. */

import { htmx } from "./requests";
import { clockOf } from "./times";

type Part = "whole" | "start" | "end";

interface Drag {
  bar: HTMLElement;
  ghost: HTMLElement;
  board: HTMLElement;
  lane: HTMLElement;
  part: Part;
  from: { x: number; start: number; end: number; lane: HTMLElement };
  start: number;
  end: number;
}

const GRIP = 9;
const THRESHOLD = 5;
const LONG_PRESS = 350;
const DAY = 1440;

let drag: Drag | null = null;
let pending: { bar: HTMLElement; x: number; y: number; timer: number } | null = null;
let justDropped = false;
let isStale = false;

function numberOf(element: HTMLElement, name: string, otherwise: number): number {
  const value = element.dataset[name];
  return value === undefined ? otherwise : Number(value);
}

function minuteWidth(board: HTMLElement): number {
  return Number(board.style.getPropertyValue("--minute").replace("px", "")) || 1;
}

function partUnder(bar: HTMLElement, x: number): Part {
  const box = bar.getBoundingClientRect();
  if (box.width < 4 * GRIP) return "whole";
  if (x > box.right - GRIP) return "end";
  return x < box.left + GRIP ? "start" : "whole";
}

function begin(bar: HTMLElement, x: number, part: Part): void {
  const board = bar.closest<HTMLElement>("[data-timeline]");
  const lane = bar.closest<HTMLElement>(".lane");
  if (!board || !lane) return;
  const ghost = bar.cloneNode(true) as HTMLElement;
  ghost.removeAttribute("id");
  ghost.classList.add("ghost");
  ghost.dataset["keep"] = "";
  lane.append(ghost);
  bar.classList.add("lifted");
  document.documentElement.dataset["dragging"] = part === "whole" ? "move" : "stretch";
  const start = numberOf(bar, "start", 0);
  const end = numberOf(bar, "end", start + 60);
  drag = { bar, ghost, board, lane, part, from: { x, start, end, lane }, start, end };
  show();
}

function show(): void {
  if (!drag) return;
  const { ghost, lane, start, end, bar } = drag;
  if (ghost.parentElement !== lane) {
    lane.append(ghost);
    ghost.style.setProperty("--track", "0");
  } else if (lane === drag.from.lane) {
    ghost.style.setProperty("--track", bar.style.getPropertyValue("--track") || "0");
  }
  ghost.style.setProperty("--start", String(start));
  ghost.style.setProperty("--end", String(end));
  const words = ghost.querySelector("small");
  if (words) words.textContent = `${clockOf(((start % DAY) + DAY) % DAY)}–${clockOf(((end % DAY) + DAY) % DAY)}`;
}

function moveTo(x: number, y: number): void {
  if (!drag) return;
  const step = numberOf(drag.board, "step", 15);
  const shift = Math.round((x - drag.from.x) / minuteWidth(drag.board) / step) * step;
  const { start, end } = drag.from;
  if (drag.part === "start") drag.start = Math.min(start + shift, end - step);
  else if (drag.part === "end") drag.end = Math.max(end + shift, start + step);
  else {
    const to = numberOf(drag.board, "to", DAY);
    const moved = Math.max(numberOf(drag.board, "from", 0), Math.min(start + shift, to - step));
    drag.start = shift === 0 ? start : moved;
    drag.end = drag.start + (end - start);
    const lane = document.elementsFromPoint(x, y).find((element) => element.matches(".lane"));
    if (lane instanceof HTMLElement && drag.board.contains(lane)) drag.lane = lane;
  }
  show();
}

function scrollAlong(x: number, y: number): void {
  if (!drag) return;
  const box = drag.board.getBoundingClientRect();
  if (x > box.right - 40) drag.board.scrollLeft += 12;
  if (x < box.left + 130) drag.board.scrollLeft -= 12;
  if (y > box.bottom - 30) drag.board.scrollTop += 8;
  if (y < box.top + 60) drag.board.scrollTop -= 8;
}

function finish(): void {
  if (!drag) return;
  drag.ghost.remove();
  drag.bar.classList.remove("lifted");
  delete document.documentElement.dataset["dragging"];
  const board = drag.board;
  drag = null;
  if (isStale) {
    isStale = false;
    htmx.trigger(board, "ringdesk:refresh");
  }
}

function drop(event: PointerEvent): void {
  if (!drag) return;
  const { bar, lane, from, start, end, part } = drag;
  const isMoved = start !== from.start || end !== from.end || lane !== from.lane;
  justDropped = true;
  window.setTimeout(() => {
    justDropped = false;
  });
  if (!isMoved) {
    finish();
    return;
  }
  const values: Record<string, string> = { start: String(start), end: String(end) };
  if (bar.dataset["version"]) values["version"] = bar.dataset["version"];
  if (part === "whole" && lane !== from.lane) values["table"] = lane.dataset["table"] ?? "";
  // The bar waits at its new place for the answer; the board's refresh then tells the truth.
  bar.style.setProperty("--start", String(start));
  bar.style.setProperty("--end", String(end));
  if (lane !== from.lane) lane.append(bar);
  finish();
  void htmx.ajax("post", bar.dataset["moveUrl"] ?? "", { source: bar, event, values, target: bar, swap: "none" });
}

function forget(): void {
  if (!pending) return;
  window.clearTimeout(pending.timer);
  pending = null;
}

function pressed(event: PointerEvent): void {
  const bar = (event.target as Element).closest<HTMLElement>(".res[data-move-url]");
  if (!bar || event.button !== 0 || !event.isPrimary) return;
  // On a phone the diary is a list: what has no place in time cannot be dragged.
  if (getComputedStyle(bar).position !== "absolute") return;
  const { clientX: x, clientY: y } = event;
  forget();
  const timer = event.pointerType === "mouse" ? 0 : window.setTimeout(() => {
    forget();
    begin(bar, x, partUnder(bar, x));
  }, LONG_PRESS);
  pending = { bar, x, y, timer };
}

function moved(event: PointerEvent): void {
  if (drag) {
    event.preventDefault();
    moveTo(event.clientX, event.clientY);
    scrollAlong(event.clientX, event.clientY);
    return;
  }
  if (!pending || Math.hypot(event.clientX - pending.x, event.clientY - pending.y) < THRESHOLD) return;
  const { bar, x } = pending;
  forget();
  // A finger that moves at once scrolls.
  if (event.pointerType === "mouse") begin(bar, x, partUnder(bar, x));
}

function cancel(): void {
  forget();
  if (drag) finish();
}

export function start(): void {
  document.addEventListener("pointerdown", pressed);
  document.addEventListener("pointermove", moved);
  document.addEventListener("pointerup", (event) => {
    forget();
    drop(event);
  });
  document.addEventListener("pointercancel", cancel);
  document.addEventListener("dragstart", (event) => {
    if ((event.target as Element).closest(".res[data-move-url]")) event.preventDefault();
  });
  document.addEventListener(
    "touchmove",
    (event) => {
      if (drag) event.preventDefault();
    },
    { passive: false },
  );
  document.addEventListener(
    "click",
    (event) => {
      if (!justDropped) return;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || !drag) return;
      event.stopPropagation();
      cancel();
    },
    { capture: true },
  );
  // A board drawn anew under the hand would take the bar away.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const asker = (event as CustomEvent<{ elt: Element }>).detail.elt;
    if (!drag || asker !== drag.board) return;
    event.preventDefault();
    isStale = true;
  });
}
