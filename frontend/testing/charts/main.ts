/** Twelve charts of the product with 2,000 points each, which zoom or pan in every frame. */

import { mount } from 'svelte';
import 'uplot/dist/uPlot.min.css';
import '../../src/app.css';
import { Client } from '../../src/api/client.ts';
import { Queries } from '../../src/api/queries.ts';
import { Chart } from '../../src/charts/chart.svelte.ts';
import { App } from '../../src/state/app.svelte.ts';
import { metricNow, metricRange, overview, series } from '../fixtures.ts';
import { FakeClock, FakeStore, fakeFetch } from '../world.ts';
import Charts from './Charts.svelte';

const POINTS = 2000;
const STEP_S = 15;
const NOW_S = 1_800_000_000;

const times = Array.from({ length: POINTS }, (_, i) => NOW_S - (POINTS - 1 - i) * STEP_S);
const wave = (seed: number) =>
  times.map((_, i) => 50 + 40 * Math.sin(i / 90 + seed) + 8 * Math.sin(i * (1.7 + seed)));
const metrics = Array.from({ length: 12 }, (_, i) => metricNow({ id: `metric.${i}` }));
const answers = Object.fromEntries(
  metrics.map(({ id }, i) => [`metric/${id}`, metricRange(times, [series(wave(i))])]),
);
const { fetch } = fakeFetch({ overview: overview(metrics, { t: NOW_S }), ...answers });
const app = new App({
  place: window,
  store: new FakeStore(),
  system: { language: 'en', dark: false },
  clock: new FakeClock(NOW_S),
  queries: new Queries(new Client(document.baseURI, fetch)),
});
await app.live.poll();
const charts = metrics.map((metric) => new Chart(app, () => metric));
app.view.setZoom([times[0]!, NOW_S]);
await Promise.all(charts.map(({ feed }) => app.pull(feed)));
mount(Charts, { target: document.getElementById('page')!, props: { charts } });

const frame = () => new Promise<number>((next) => requestAnimationFrame(next));

/** What is done in the frame of this number. */
const MOVES = {
  zoom: (i: number) => app.view.zoomBy(Math.floor(i / 30) % 2 === 0 ? 0.96 : 1 / 0.96),
  pan: (i: number) => app.view.pan(Math.floor(i / 30) % 2 === 0 ? -0.01 : 0.01),
};

/** Frames a second. */
async function measure(name: keyof typeof MOVES, seconds: number): Promise<number> {
  app.view.setZoom([NOW_S - 20_000, NOW_S - 8000]);
  await frame();
  const began = await frame();
  let count = 0;
  for (let now = began; now - began < seconds * 1000; now = await frame()) MOVES[name](count++);
  return count / seconds;
}

Object.assign(window, { measure });
