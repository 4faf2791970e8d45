/** One leading tab per member: only it rings and makes system notifications. Tabs tell each other what they do. */

import { config } from "./strings";

const name = `ringdesk:${config.organization ?? 0}:${config.member ?? 0}`;
const LEASE = 4_000;
const tab = Math.random().toString(36).slice(2);
let leading = false;

export type TabMessage =
  | { type: "dismissed"; popup: string }
  | { type: "dismissed-all" }
  | { type: "quiet"; doNotDisturb: boolean };

const channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : null;

/** Tell the member's other tabs. */
export function tellTabs(message: TabMessage): void {
  channel?.postMessage(message);
}

export function onTabs(listener: (message: TabMessage) => void): void {
  channel?.addEventListener("message", (event: MessageEvent<TabMessage>) => listener(event.data));
}

/** Tell whether this tab is the one that makes itself heard. */
export function isLeading(): boolean {
  return leading;
}

/** Tell whether any tab of this member is before somebody's eyes: then no system notification is needed. */
export function isAnyTabVisible(): boolean {
  return Date.now() - Number(localStorage.getItem(`${name}:seen`) ?? 0) < 3_000;
}

function noteVisible(): void {
  if (!document.hidden && document.hasFocus()) localStorage.setItem(`${name}:seen`, String(Date.now()));
}

/** Over plain http there are no Web Locks: a lease in localStorage, renewed every second, does nearly as well. */
function leadByLease(): void {
  const key = `${name}:leader`;
  const renew = (): void => {
    const [owner, until] = (localStorage.getItem(key) ?? "").split(" ");
    if (owner && owner !== tab && Number(until) > Date.now()) {
      leading = false;
      return;
    }
    localStorage.setItem(key, `${tab} ${Date.now() + LEASE}`);
    leading = localStorage.getItem(key)?.startsWith(tab) ?? false;
  };
  renew();
  setInterval(renew, 1_000);
  window.addEventListener("pagehide", () => {
    if (leading) localStorage.removeItem(key);
  });
}

export function start(): void {
  if (config.member === null) return;
  noteVisible();
  setInterval(noteVisible, 1_000);
  if (!("locks" in navigator)) {
    leadByLease();
    return;
  }
  void navigator.locks.request(`${name}:leader`, () => {
    leading = true;
    // Held until the tab is closed.
    return new Promise<never>(() => undefined);
  });
}
