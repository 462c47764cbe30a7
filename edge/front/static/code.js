// QR codes, drawn from the modules that the view carries.

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // light modules around it (ISO/IEC 18004)

/** A picture of a code; `rows` are texts of 0 and 1, 1 is dark. */
export function drawCode({ rows, says }) {
  const size = rows.length + 2 * QUIET;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", says);
  svg.setAttribute("shape-rendering", "crispEdges");
  const paper = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ width: size, height: size, fill: "#FFFFFF" })) paper.setAttribute(name, value);
  const dark = document.createElementNS(SVG, "path");
  const runs = rows.flatMap((row, y) => [...row.matchAll(/1+/g)].map(({ 0: run, index: x }) => `M${x + QUIET} ${y + QUIET}h${run.length}v1h-${run.length}z`));
  dark.setAttribute("d", runs.join(""));
  svg.append(paper, dark);
  return svg;
}
