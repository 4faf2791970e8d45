/** Dropdown menus are <details class="menu">: only one is open, and a press outside or Esc closes it. */

function openMenus(): HTMLDetailsElement[] {
  return Array.from(document.querySelectorAll<HTMLDetailsElement>("details.menu[open]"));
}

/** Close every open menu; true when there was one. The focus returns to its button. */
export function closeMenus(except?: Element | null): boolean {
  const menus = openMenus().filter((menu) => !except || !menu.contains(except));
  for (const menu of menus) {
    if (menu.contains(document.activeElement)) menu.querySelector<HTMLElement>("summary")?.focus();
    menu.open = false;
  }
  return menus.length > 0;
}

function items(menu: HTMLDetailsElement): HTMLElement[] {
  return Array.from(menu.querySelectorAll<HTMLElement>(".menu-body :is(a, button, input):not(:disabled)"));
}

function step(menu: HTMLDetailsElement, direction: 1 | -1): void {
  const all = items(menu);
  const current = all.indexOf(document.activeElement as HTMLElement);
  const next = current === -1 && direction === -1 ? all.length - 1 : current + direction;
  all[(next + all.length) % all.length]?.focus();
}

/** The sections of the settings stay where they were from page to page; the open one is brought into sight. */
function showSection(): void {
  const list = document.querySelector<HTMLElement>(".settings-nav");
  const current = list?.querySelector<HTMLElement>("[aria-current]");
  if (!list || !current) return;
  const [left, top] = (sessionStorage.getItem("sections") ?? "0 0").split(" ").map(Number);
  list.scrollTo(left ?? 0, top ?? 0);
  const [spot, frame] = [current.getBoundingClientRect(), list.getBoundingClientRect()];
  if (spot.left < frame.left || spot.right > frame.right)
    list.scrollLeft += spot.left + spot.width / 2 - frame.left - frame.width / 2;
  if (spot.top < frame.top || spot.bottom > frame.bottom)
    list.scrollTop += spot.top + spot.height / 2 - frame.top - frame.height / 2;
  addEventListener("pagehide", () => sessionStorage.setItem("sections", `${list.scrollLeft} ${list.scrollTop}`));
}

export function start(): void {
  showSection();
  document.addEventListener("click", (event) => {
    const target = event.target as Element;
    closeMenus(target);
    const chosen = target.closest(".menu-body a, .menu-body button:not([type=submit])");
    if (chosen && !chosen.closest("[data-menu-stays]")) closeMenus();
  });
  document.addEventListener("keydown", (event) => {
    const menu = (event.target as Element).closest?.<HTMLDetailsElement>("details.menu[open]");
    if (!menu || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    if ((event.target as Element).matches("input[type=range], input[type=radio]")) return;
    event.preventDefault();
    step(menu, event.key === "ArrowDown" ? 1 : -1);
  });
}
