import { mount } from 'svelte';
import 'uplot/dist/uPlot.min.css';
import './app.css';
import App from './App.svelte';
import { Session } from './lib/session.svelte.ts';

// The list of font slices is long; it may arrive after the first paint.
void import('./fonts.css');

const target = document.getElementById('page');
if (target === null) throw new Error('BUG: index.html has no #page');
mount(App, { target, props: { session: new Session(window) } });
