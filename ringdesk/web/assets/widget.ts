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

  function frame(): HTMLIFrameElement {
    const made = document.createElement("iframe");
    made.src = address.href;
    made.title = title ?? (lang === "en" ? "Booking" : "Онлайн-запись");
    Object.assign(made.style, { width: "100%", height: "640px", border: "0", display: "block", colorScheme: "normal" });
    return made;
  }

  /** Puts elements where the script stands; of one in the head of the site, at the end of the page. */
  function put(...elements: HTMLElement[]): void {
    if (!script?.closest("head")) return script?.after(...elements);
    if (document.body) return document.body.append(...elements);
    document.addEventListener("DOMContentLoaded", () => document.body.append(...elements));
  }

  function place(): void {
    const inline = frame();
    window.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (event.source !== inline.contentWindow || event.origin !== address.origin) return;
      const said = event.data as { type?: string; height?: number } | null;
      if (said?.type !== "ringdesk:height" || typeof said.height !== "number") return;
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
      padding: "0", border: "0", borderRadius: "14px", overflow: "hidden",
    });
    const closer = document.createElement("button");
    closer.type = "button";
    closer.textContent = "×";
    closer.setAttribute("aria-label", lang === "en" ? "Close" : "Закрыть");
    Object.assign(closer.style, {
      position: "absolute", top: "6px", right: "6px", width: "40px", height: "40px", border: "0",
      borderRadius: "20px", font: "24px/1 sans-serif", cursor: "pointer",
    });
    closer.addEventListener("click", () => dialog.close());
    opener.addEventListener("click", () => {
      if (!dialog.querySelector("iframe")) {
        const inside = frame();
        inside.style.height = "100%";
        dialog.append(inside, closer);
      }
      dialog.showModal();
    });
    put(opener, dialog);
  }

  if (button) offer(button);
  else place();
})();
