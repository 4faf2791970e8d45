/** The player of a recording: [data-player] around an <audio>. The server hands out any part of it, so jumping to the
 *  middle fetches the middle. Space plays and pauses, arrows jump, Home and End go to the ends, < and > change speed. */

const STEP = 5;

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${two(whole % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

class Player {
  readonly audio: HTMLAudioElement;
  readonly seek: HTMLInputElement;
  private wanted: number | null = null;

  constructor(readonly root: HTMLElement) {
    this.audio = this.find("audio");
    this.seek = this.find("[data-player-seek]");
    this.listen();
  }

  find<T extends Element>(selector: string): T {
    return this.root.querySelector(selector) as T;
  }

  toggle(): void {
    // From now on a refresh of the page leaves the player alone.
    this.root.dataset["playing"] = this.audio.paused ? "yes" : "paused";
    if (this.audio.paused) void this.audio.play().catch(() => this.show());
    else this.audio.pause();
  }

  /** Jump to a second. Before anything is loaded the wish is kept until the length is known. */
  go(second: number): void {
    this.root.dataset["playing"] ??= "paused";
    const length = this.length();
    const place = Math.min(Math.max(0, second), length > 0 ? length : second);
    if (this.audio.readyState === 0) {
      this.wanted = place;
      this.audio.preload = "metadata";
      if (this.audio.networkState !== HTMLMediaElement.NETWORK_LOADING) this.audio.load();
    } else {
      this.audio.currentTime = place;
    }
    this.show(place);
  }

  by(seconds: number): void {
    this.go((this.wanted ?? this.audio.currentTime) + seconds);
  }

  faster(step: number): void {
    const speed = this.find<HTMLSelectElement>("[data-player-speed]");
    speed.selectedIndex = Math.min(Math.max(0, speed.selectedIndex + step), speed.options.length - 1);
    this.audio.playbackRate = Number(speed.value);
  }

  length(): number {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : Number(this.seek.max);
  }

  private listen(): void {
    const { audio, seek } = this;
    audio.addEventListener("loadedmetadata", () => {
      if (Number.isFinite(audio.duration)) seek.max = String(audio.duration);
      audio.playbackRate = Number(this.find<HTMLSelectElement>("[data-player-speed]").value);
      if (this.wanted !== null) audio.currentTime = Math.min(this.wanted, this.length());
      this.wanted = null;
      this.show();
    });
    for (const name of ["timeupdate", "play", "pause", "ended", "seeked", "durationchange"]) {
      audio.addEventListener(name, () => this.show());
    }
    audio.addEventListener("error", () => this.fail());
    seek.addEventListener("input", () => this.go(Number(seek.value)));
    this.find("[data-player-speed]").addEventListener("change", () => this.faster(0));
    this.root.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("button");
      if (button?.hasAttribute("data-player-play")) this.toggle();
      else if (button?.dataset["playerBy"]) this.by(Number(button.dataset["playerBy"]));
    });
    this.root.addEventListener("keydown", (event) => this.press(event));
  }

  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLSelectElement) return;
    const onButton = event.target instanceof HTMLButtonElement;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => this.by(-STEP),
      ArrowRight: () => this.by(STEP),
      PageDown: () => this.by(-2 * STEP),
      PageUp: () => this.by(2 * STEP),
      Home: () => this.go(0),
      End: () => this.go(this.length()),
      "<": () => this.faster(-1),
      ">": () => this.faster(1),
    };
    if (!onButton) actions[" "] = () => this.toggle();
    const action = actions[event.key];
    if (!action) return;
    action();
    event.preventDefault();
  }

  private fail(): void {
    const told = this.root.parentElement?.querySelector<HTMLElement>("[data-player-error]");
    if (told) told.hidden = false;
    this.show();
  }

  private show(at: number = this.wanted ?? this.audio.currentTime): void {
    const playing = !this.audio.paused && !this.audio.ended;
    if (this.root.dataset["playing"]) this.root.dataset["playing"] = playing ? "yes" : "paused";
    const play = this.find<HTMLElement>("[data-player-play]");
    play.setAttribute("aria-label", (playing ? play.dataset["labelPause"] : play.dataset["labelPlay"]) ?? "");
    this.seek.value = String(at);
    this.seek.setAttribute("aria-valuetext", clock(at));
    this.find("[data-player-at]").textContent = clock(at);
    this.find("[data-player-length]").textContent = clock(this.length());
  }
}

const players = new WeakMap<HTMLElement, Player>();

function prepare(): void {
  for (const root of document.querySelectorAll<HTMLElement>("[data-player]")) {
    if (!players.has(root)) players.set(root, new Player(root));
  }
}

export function start(): void {
  prepare();
  document.body.addEventListener("htmx:afterSettle", prepare);
}
