/** Starts every behaviour of the pages. Each module finds its elements by data- attributes. */

import * as booking from "./booking";
import * as clock from "./clock";
import * as copy from "./copy";
import * as dialog from "./dialog";
import * as drafts from "./drafts";
import * as drag from "./drag";
import * as drawer from "./drawer";
import * as handset from "./handset";
import * as keyboard from "./keyboard";
import * as leader from "./leader";
import * as live from "./live";
import * as menu from "./menu";
import * as pick from "./pick";
import * as player from "./player";
import * as popups from "./popups";
import * as quiet from "./quiet";
import * as requests from "./requests";
import * as reservation from "./reservation";
import * as rows from "./rows";
import * as sound from "./sound";
import * as stepper from "./stepper";
import * as theme from "./theme";
import * as timeline from "./timeline";
import * as times from "./times";
import * as toast from "./toast";
import * as weekgrid from "./weekgrid";
import * as windows from "./windows";
import * as zone from "./zone";

for (const behaviour of [
  requests, // first: the others listen to what htmx does
  toast,
  zone, // before drafts: what was typed wins
  dialog,
  menu,
  drawer,
  drafts,
  copy,
  handset,
  stepper,
  reservation,
  booking,
  pick,
  times,
  theme,
  rows,
  leader,
  sound,
  quiet,
  popups,
  windows,
  player,
  drag,
  timeline,
  weekgrid,
  keyboard,
  live,
  clock,
]) {
  behaviour.start();
}
