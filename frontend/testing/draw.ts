/** A chart with values, without a canvas. */

import type { MetricNow, Series } from '../src/api/queries.ts';
import { Chart } from '../src/charts/chart.svelte.ts';
import { openApp } from './app.ts';
import { metricNow, metricRange, overview } from './fixtures.ts';

/** Load these series at these times; the server's time is 10,000 s. */
export async function drawChart(
  t: number[],
  lines: Series[],
  change: Partial<MetricNow> = {},
  search = '?lang=en&range=1h',
) {
  const metric = metricNow(change);
  const opened = openApp(
    { overview: overview([metric]), [`metric/${metric.id}`]: metricRange(t, lines) },
    `/${search}`,
  );
  await opened.app.live.poll();
  const chart = new Chart(opened.app, () => opened.app.findMetric(metric.id) ?? metric);
  await opened.app.pull(chart.feed);
  return { ...opened, chart };
}
