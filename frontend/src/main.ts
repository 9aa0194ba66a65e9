import { mount } from 'svelte';
import 'uplot/dist/uPlot.min.css';
import './app.css';
import { Client } from './api/client.ts';
import { Queries } from './api/queries.ts';
import App from './App.svelte';
import { App as State } from './state/app.svelte.ts';
import type { Clock } from './state/live.svelte.ts';

// The list of font slices is long and may load after the first paint.
void import('./fonts.css');

const clock: Clock = {
  now: () => Date.now() / 1000,
  isHidden: () => document.hidden,
  after: (seconds, callback) => {
    const timer = setTimeout(callback, seconds * 1000);
    return () => clearTimeout(timer);
  },
};
const dark = matchMedia('(prefers-color-scheme: dark)');
const app = new State({
  place: window,
  store: localStorage,
  system: { language: navigator.language, dark: dark.matches },
  clock,
  queries: new Queries(new Client(document.baseURI, fetch.bind(window))),
});
dark.addEventListener('change', () => (app.preferences.systemDark = dark.matches));
document.addEventListener('visibilitychange', () => void app.live.poll());
app.begin();

mount(App, { target: document.getElementById('page')!, props: { app } });
