// @ts-check

const whole = new Intl.NumberFormat("en");
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 1,234 @param {number} value */
export function count(value) {
  return whole.format(Math.round(value));
}

/**
 * 1 frame, 2,000 frames
 *
 * @param {number} value
 * @param {string} one
 * @param {string} [several]
 */
export function many(value, one, several = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : several}`;
}

/** 950, 12.3k, 4.56M @param {number} value */
export function compact(value) {
  if (value < 1_000) return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value));
  if (value < 1e6) return `${short(value / 1e3)}k`;
  return value < 1e9 ? `${short(value / 1e6)}M` : `${short(value / 1e9)}G`;
}

/** 512 B, 1.5 KiB, 3.2 MiB @param {number} value */
export function bytes(value) {
  let unit = 0;
  let left = value;
  while (left >= 1_024 && unit < UNITS.length - 1) {
    left /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(left) : short(left)} ${UNITS[unit]}`;
}

/** 0.4 ms, 12 ms, 1.5 s @param {number} ms */
export function milliseconds(ms) {
  if (ms < 10) return `${Number(ms.toFixed(ms < 1 ? 2 : 1))} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${short(ms / 1_000)} s`;
}

/** 12 s, 3 m 04 s, 5 h 12 m, 3 d 4 h @param {number} ms */
export function duration(ms) {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} m ${String(seconds % 60).padStart(2, "0")} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24
    ? `${hours} h ${String(minutes % 60).padStart(2, "0")} m`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** 14:03:09 @param {Date} date */
export function clock(date) {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** @param {number} value */
function short(value) {
  return value < 100 ? String(Number(value.toPrecision(3))) : String(Math.round(value));
}
