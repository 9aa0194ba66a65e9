/** The dashboard's state with a fake browser and a fake server. */

import { Client } from '../src/api/client.ts';
import { Queries } from '../src/api/queries.ts';
import { App } from '../src/state/app.svelte.ts';
import { FakeClock, FakePlace, FakeStore, fakeFetch } from './world.ts';

type Answers = Parameters<typeof fakeFetch>[0];

export function openApp(answers: Answers, address = '/?lang=en', base = '/') {
  const place = new FakePlace(address, base);
  const clock = new FakeClock();
  const store = new FakeStore();
  const { fetch, calls } = fakeFetch(answers);
  const queries = new Queries(new Client(place.document.baseURI, fetch));
  const system = { language: 'en', dark: false };
  const app = new App({ place, store, system, clock, queries });
  return { app, place, clock, calls };
}
