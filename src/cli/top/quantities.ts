/** Quantities for people, short enough for a table. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const UNKNOWN = "-";

/** Returns 1,234. */
export function wholeText(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Returns 0, 0.4, 950, 12.3k, 4.56M; `-` for what is not known. */
export function rateText(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  if (value < 999.5) return value < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : `${Math.round(value)}`;
  if (value < 999_500) return `${short(value / 1e3)}k`;
  return value < 999_500_000 ? `${short(value / 1e6)}M` : `${short(value / 1e9)}G`;
}

/** Returns 512 B, 1.5 KiB, 3.2 MiB; `-` for what is not known. */
export function bytesText(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  let unit = 0;
  let left = value;
  while (left >= 1_023.5 && unit < UNITS.length - 1) {
    left /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(left) : short(left)} ${UNITS[unit]}`;
}

/** Returns 0.4 ms, 12 ms, 1.5 s; `-` for what is not known. */
export function timeText(ms: number | undefined): string {
  if (ms === undefined) return UNKNOWN;
  if (ms < 10) return `${Number(ms.toFixed(ms < 1 ? 2 : 1))} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${short(ms / 1_000)} s`;
}

/** Returns 0s, 12s, 3m04s, 5h12m, 3d04h. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${twoDigits(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${twoDigits(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${twoDigits(hours % 24)}h`;
}

function twoDigits(value: number): string {
  return `${value}`.padStart(2, "0");
}

function short(value: number): string {
  return value < 99.95 ? `${Number(value.toPrecision(3))}` : `${Math.round(value)}`;
}
