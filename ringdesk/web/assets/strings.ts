/** What the server tells this page: who sits here, where things are, and the texts in the user's language. */

export interface PageConfig {
  language: string;
  member: number | null;
  organization: number | null;
  timezone: string;
  /** Milliseconds since the epoch when the page was rendered, by the server's clock. */
  now: number;
  /** The last id of the live log when the page was rendered; null when nobody is signed in. */
  lastEvent: number | null;
  socket: string;
  login: string;
  doNotDisturb: boolean;
  texts: Record<string, string>;
}

const FALLBACK: PageConfig = {
  language: document.documentElement.lang || "en",
  member: null,
  organization: null,
  timezone: "UTC",
  now: Date.now(),
  lastEvent: null,
  socket: "",
  login: "",
  doNotDisturb: false,
  texts: {},
};

function read(): PageConfig {
  const element = document.getElementById("page-config");
  if (!element?.textContent) return FALLBACK;
  return { ...FALLBACK, ...(JSON.parse(element.textContent) as Partial<PageConfig>) };
}

export const config: PageConfig = read();

/** Return the text of this key with its {places} filled in. */
export function text(key: string, places: Record<string, string | number> = {}): string {
  const pattern = config.texts[key] ?? key;
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => String(places[name] ?? whole));
}

const plural = new Intl.PluralRules(config.language);

/** Return the form of the text for this number: keys are `<key>.one`, `.few`, `.many`, `.other`. */
export function textFor(key: string, count: number): string {
  const form = `${key}.${plural.select(count)}`;
  return text(form in config.texts ? form : `${key}.other`, { count });
}
