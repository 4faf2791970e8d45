/** Do not disturb, mute, volume and system notifications: the switches of the member's menu. */

import { onTabs, tellTabs } from "./leader";
import { htmx } from "./requests";
import { chime, isMuted, setMuted, setVolume, volume } from "./sound";
import { config, text } from "./strings";
import { toast } from "./toast";

const NOTIFICATIONS = "ringdesk:notifications";
let doNotDisturb = config.doNotDisturb;

/** Tell whether the member does not want to be disturbed now: popups still stand there, silently. */
export function isQuiet(): boolean {
  return doNotDisturb;
}

function show(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>("[data-quiet]")) input.checked = doNotDisturb;
  for (const input of document.querySelectorAll<HTMLInputElement>("[data-mute]")) input.checked = !isMuted();
  for (const input of document.querySelectorAll<HTMLInputElement>("[data-volume]")) {
    input.value = String(Math.round(volume() * 100));
    input.disabled = isMuted();
  }
  for (const input of document.querySelectorAll<HTMLInputElement>("[data-notifications]")) {
    input.checked = localStorage.getItem(NOTIFICATIONS) === "1" && Notification.permission === "granted";
  }
  for (const mark of document.querySelectorAll<HTMLElement>("[data-silent-mark]")) {
    mark.hidden = !(doNotDisturb || isMuted());
  }
}

async function changeNotifications(wanted: boolean): Promise<void> {
  if (wanted && (await Notification.requestPermission()) !== "granted") {
    toast(text("notifications_refused"), "warn");
    wanted = false;
  }
  localStorage.setItem(NOTIFICATIONS, wanted ? "1" : "0");
  show();
}

function change(input: HTMLInputElement): void {
  if (input.matches("[data-quiet]")) {
    doNotDisturb = input.checked;
    tellTabs({ type: "quiet", doNotDisturb });
  } else if (input.matches("[data-mute]")) {
    setMuted(!input.checked);
    if (input.checked) chime();
  } else if (input.matches("[data-volume]")) {
    setVolume(Number(input.value) / 100);
    chime();
  } else if (input.matches("[data-notifications]")) {
    void changeNotifications(input.checked);
    return;
  } else {
    return;
  }
  show();
}

export function start(): void {
  if (!("Notification" in window)) {
    document.querySelectorAll<HTMLElement>("[data-notifications]").forEach((input) => {
      const row = input.closest<HTMLElement>(".menu-item");
      if (row) row.hidden = true;
      input.removeAttribute("data-notifications");
    });
  }
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLInputElement) change(event.target);
  });
  onTabs((message) => {
    if (message.type !== "quiet") return;
    doNotDisturb = message.doNotDisturb;
    show();
  });
  // Another tab has muted or changed the volume.
  window.addEventListener("storage", show);
  htmx.on(document.body, "htmx:afterSettle", show);
  show();
}
