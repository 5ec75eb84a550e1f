// Formats numbers and times for people.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const SHORT = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DATE = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const COUNT = new Intl.NumberFormat("en");

/** A time such as 12:03:10, with the date unless it is today. @param {string|number|Date} at */
export function clock(at) {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "";
  const today = time.toDateString() === new Date().toDateString();
  return today ? CLOCK.format(time) : `${DATE.format(time)}, ${CLOCK.format(time)}`;
}

/** The label of a tick: hour and minute, with the date if `day` is true. */
export function tick(at, day) {
  return day ? `${DATE.format(at)} ${SHORT.format(at)}` : SHORT.format(at);
}

/** A duration such as 340 ms, 4.2 s or 3 min 5 s. @param {number|null|undefined} ms */
export function duration(ms) {
  if (ms === undefined || ms === null) return "–";
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return pair(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "min");
  return pair(ms, DAY, "d", HOUR, "h");
}

function pair(ms, big, bigName, small, smallName) {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ""}`;
}

/** A short duration for an axis: 20 s, 1:15 (minutes and seconds), 2.0 h. */
export function brief(ms) {
  if (ms === 0) return "0";
  if (ms < MINUTE) return duration(ms);
  const seconds = Math.floor((ms % MINUTE) / SECOND);
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}:${String(seconds).padStart(2, "0")}`;
  return `${(ms / HOUR).toFixed(1)} h`;
}

/** How long ago a time was, in whole seconds, minutes, hours or days. */
export function ago(at, now = Date.now()) {
  const ms = Math.max(0, now - new Date(at).getTime());
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${Math.floor(ms / DAY)} d ago`;
}

/** US dollars. */
export function money(dollars) {
  return dollars === undefined || dollars === null ? "–" : `$${dollars.toFixed(2)}`;
}

/** A count such as 10,000. */
export function count(number) {
  return number === undefined || number === null ? "–" : COUNT.format(Math.round(number));
}

/** A size such as 3.8 MB. */
export function bytes(size) {
  if (size < 1000) return `${size} bytes`;
  return size < 1e6 ? `${(size / 1e3).toFixed(0)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
