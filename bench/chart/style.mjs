// @ts-check
// Colours, in light and in dark. Blue and orange are told apart by everybody.

export const STYLE = `
svg { --back: #ffffff; --text: #1f2328; --muted: #59636e; --grid: #d8dee4; --ours: #0969da; --theirs: #8c959f; --missed: #d1570b; }
@media (prefers-color-scheme: dark) {
  svg { --back: #0d1117; --text: #e6edf3; --muted: #9198a1; --grid: #2f353d; --ours: #4493f8; --theirs: #7d8590; --missed: #f0883e; }
}
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--text); }
.title { font-size: 20px; font-weight: 600; }
.part { font-size: 15px; font-weight: 600; }
.column, .strong { font-weight: 600; }
.muted, .axis { fill: var(--muted); }
.axis, .number { font-size: 11px; }
.back { fill: var(--back); }
.grid { stroke: var(--grid); }
.target { stroke: var(--text); stroke-width: 1.5; }
.whisker { stroke: var(--text); stroke-width: 1.2; fill: none; }
.ours { fill: var(--ours); }
.theirs { fill: var(--theirs); }
.missed { fill: var(--missed); }
`;
