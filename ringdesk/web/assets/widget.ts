/** The script other sites embed: `<script src="…/book/<name>/widget.js" async></script>`. It puts the booking page
 * where it stands, as high as its content; with data-button it puts a button there that opens the page over the site.
 * data-lang (ru, en), data-branch (a number), data-title. */

(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  if (!script) return;
  const address = new URL("./", script.src);
  const { lang, branch, button, title } = script.dataset;
  if (lang) address.searchParams.set("lang", lang);
  if (branch) address.searchParams.set("branch", branch);

  const name = title ?? (lang === "en" ? "Booking" : "Онлайн-запись");

  function frame(): HTMLIFrameElement {
    const made = document.createElement("iframe");
    made.src = address.href;
    made.title = name;
    Object.assign(made.style, { width: "100%", height: "640px", border: "0", display: "block", colorScheme: "normal" });
    return made;
  }

  /** Puts elements where the script stands; of one in the head of the site, at the end of the page. */
  function put(...elements: HTMLElement[]): void {
    if (!script?.closest("head")) return script?.after(...elements);
    if (document.body) return document.body.append(...elements);
    document.addEventListener("DOMContentLoaded", () => document.body.append(...elements));
  }

  type Said = { type?: string; height?: number };

  /** Calls back with what the page in this frame says, and with nothing else. */
  function listen(inside: HTMLIFrameElement, hear: (said: Said) => void): void {
    window.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (event.source !== inside.contentWindow || event.origin !== address.origin) return;
      hear((event.data ?? {}) as Said);
    });
  }

  function place(): void {
    const inline = frame();
    listen(inline, (said) => {
      if (said.type !== "ringdesk:height" || typeof said.height !== "number") return;
      inline.style.height = `${Math.min(Math.max(said.height, 320), 6000)}px`;
    });
    put(inline);
  }

  function offer(label: string): void {
    const opener = document.createElement("button");
    opener.type = "button";
    opener.className = "ringdesk-book";
    opener.textContent = label;
    const dialog = document.createElement("dialog");
    Object.assign(dialog.style, {
      width: "min(680px, 100vw)", height: "min(860px, 100vh)", maxWidth: "100vw", maxHeight: "100vh",
      padding: "0", border: "0", borderRadius: "14px", overflow: "hidden", colorScheme: "light dark",
    });
    // Above the page, not over it: there its languages are chosen.
    const bar = document.createElement("div");
    Object.assign(bar.style, {
      display: "flex", alignItems: "center", justifyContent: "space-between", height: "48px", boxSizing: "border-box",
      padding: "4px 4px 4px 16px", font: "600 16px/1.2 sans-serif", background: "Canvas", color: "CanvasText",
    });
    const heading = document.createElement("span");
    heading.textContent = name;
    Object.assign(heading.style, { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" });
    const closer = document.createElement("button");
    closer.type = "button";
    closer.textContent = "×";
    closer.setAttribute("aria-label", lang === "en" ? "Close" : "Закрыть");
    Object.assign(closer.style, {
      flex: "none", width: "40px", height: "40px", padding: "0", border: "0", borderRadius: "20px",
      font: "24px/1 sans-serif", background: "transparent", color: "inherit", cursor: "pointer",
    });
    bar.append(heading, closer);
    closer.addEventListener("click", () => dialog.close());
    opener.addEventListener("click", () => {
      if (!dialog.querySelector("iframe")) {
        const inside = frame();
        inside.style.height = "calc(100% - 48px)";
        dialog.append(bar, inside);
        // Keys pressed in the page are told by the page: the browser keeps them from this one.
        listen(inside, (said) => {
          if (said.type === "ringdesk:escape") dialog.close();
        });
      }
      dialog.showModal();
    });
    put(opener, dialog);
  }

  if (button) offer(button);
  else place();
})();
