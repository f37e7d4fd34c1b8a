/**
 * A chart of rates as SVG text: panels side by side, in each a group of bars for every system, on one logarithmic
 * scale, so that a factor has the same length wherever it stands. It has its own light background, which GitHub's dark
 * pages leave readable.
 */
import { shortNumber } from './renderDocument.js';

export interface BarSeries {
  readonly name: string;
  readonly color: string;
}

export interface BarGroup {
  readonly name: string;
  /** Printed bold. */
  readonly highlighted?: boolean;
  /** Each of a series, by its index; figures that are not above 0 have no bar. */
  readonly bars: readonly { readonly series: number; readonly value: number }[];
}

export interface BarChart {
  readonly title: string;
  /** What the figures are, below the title. */
  readonly subtitle: string;
  readonly series: readonly BarSeries[];
  readonly panels: readonly { readonly title: string; readonly groups: readonly BarGroup[] }[];
  /** Small, at the bottom. */
  readonly footnote?: string;
}

const width = 960;
const margin = 24;
const panelGap = 28;
const nameWidth = 86;
const valueWidth = 52;
const barHeight = 11;
const barGap = 2;
const groupGap = 13;
const headHeight = 96;
const panelTitleHeight = 26;
const axisHeight = 24;
const footHeight = 30;

export function barChart({ title, subtitle, series, panels, footnote }: BarChart): string {
  const values = panels.flatMap(({ groups }) => groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  const scale = logScale(values.filter((value) => value > 0));
  const bodyHeight = Math.max(0, ...panels.map(({ groups }) => groups.reduce((sum, each) => sum + heightOf(each), 0)));
  const height = headHeight + panelTitleHeight + bodyHeight + axisHeight + footHeight;
  const panelWidth = (width - 2 * margin - panelGap * (panels.length - 1)) / Math.max(1, panels.length);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      `role="img" aria-label="${escaped(title)}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#fbfbf9"/>`,
    text(margin, 34, title, { size: 19, weight: 600, fill: '#1d2b33' }),
    text(margin, 54, subtitle, { size: 12, fill: '#5b6870' }),
    ...legend(series),
    ...panels.flatMap((panel, index) => {
      const left = margin + index * (panelWidth + panelGap);
      const plot = { left: left + nameWidth, width: panelWidth - nameWidth - valueWidth };
      const top = headHeight + panelTitleHeight;
      return [
        text(plot.left, headHeight + 12, panel.title, { size: 13, weight: 600, fill: '#1d2b33' }),
        ...axis(scale, plot, top, bodyHeight),
        ...groups(panel.groups, series, scale, left, plot, top),
      ];
    }),
    ...(footnote ? [text(margin, height - 12, footnote, { size: 10, fill: '#7b878e' })] : []),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

interface Plot {
  readonly left: number;
  readonly width: number;
}

interface LogScale {
  /** Whole powers of ten from below the smallest value to above the largest one. */
  readonly decades: readonly number[];
  /** 0 to 1. */
  shareOf(value: number): number;
}

function logScale(values: readonly number[]): LogScale {
  const from = values.length === 0 ? 0 : Math.floor(Math.log10(Math.min(...values)) - 0.1);
  const to = values.length === 0 ? 1 : Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    decades: Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)),
    shareOf: (value) => (Math.log10(value) - from) / (to - from),
  };
}

function legend(series: readonly BarSeries[]): string[] {
  let x = margin;
  return series.flatMap(({ name, color }) => {
    const at = x;
    x += 34 + name.length * 6.6;
    return [
      `<rect x="${at}" y="67" width="11" height="11" rx="2" fill="${color}"/>`,
      text(at + 17, 77, name, { size: 12, fill: '#39474f' }),
    ];
  });
}

function axis({ decades, shareOf }: LogScale, plot: Plot, top: number, height: number): string[] {
  return decades.flatMap((decade) => {
    const x = rounded(plot.left + shareOf(decade) * plot.width);
    return [
      `<line x1="${x}" y1="${top}" x2="${x}" y2="${top + height}" stroke="#dfe3e2"/>`,
      text(x, top + height + 15, shortNumber(decade), { size: 10, fill: '#7b878e', anchor: 'middle' }),
    ];
  });
}

function groups(
  all: readonly BarGroup[],
  series: readonly BarSeries[],
  { shareOf }: LogScale,
  left: number,
  plot: Plot,
  top: number,
): string[] {
  let y = top;
  return all.flatMap((group) => {
    const groupTop = y;
    const height = heightOf(group);
    y += height;
    const middle = groupTop + (height - groupGap) / 2 + 4;
    const weight = group.highlighted ? 700 : 400;
    return [
      text(left + nameWidth - 8, middle, group.name, { size: 12, weight, fill: '#1d2b33', anchor: 'end' }),
      ...group.bars.flatMap(({ series: index, value }, row) => {
        if (!(value > 0)) return [];
        const barTop = groupTop + row * (barHeight + barGap);
        const length = rounded(Math.max(1, shareOf(value) * plot.width));
        return [
          `<rect x="${plot.left}" y="${barTop}" width="${length}" height="${barHeight}" rx="2" fill="${series[index]?.color}"/>`,
          text(plot.left + length + 5, barTop + 9, shortNumber(value), { size: 10, weight, fill: '#39474f' }),
        ];
      }),
    ];
  });
}

function heightOf({ bars }: BarGroup): number {
  return Math.max(1, bars.length) * (barHeight + barGap) + groupGap;
}

interface TextStyle {
  readonly size: number;
  readonly fill: string;
  readonly weight?: number;
  readonly anchor?: 'middle' | 'end';
}

function text(x: number, y: number, content: string, { size, fill, weight, anchor }: TextStyle): string {
  const style = `${weight ? ` font-weight="${weight}"` : ''}${anchor ? ` text-anchor="${anchor}"` : ''}`;
  return `<text x="${rounded(x)}" y="${rounded(y)}" font-size="${size}" fill="${fill}"${style}>${escaped(content)}</text>`;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
