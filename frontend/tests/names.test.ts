import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesOf, placeOf } from '../src/lib/names.ts';

const series = (...labels: Record<string, string>[]) =>
  labels.map((one) => ({ labels: one, given: 'given' }));

test('what all series share goes unsaid', () => {
  const cores = series({ instance: 'a', cpu: '0' }, { instance: 'a', cpu: '1' });
  assert.deepEqual(namesOf(cores, true), ['cpu 0', 'cpu 1']);
  const links = series({ instance: 'a', device: 'eth0' }, { instance: 'b', device: 'eth0' });
  assert.deepEqual(namesOf(links, false), ['a', 'b']);
});

test('the instance comes first', () => {
  const disks = series({ device: 'sda', instance: 'b' }, { device: 'sdb', instance: 'a' });
  assert.deepEqual(namesOf(disks, false), ['b · sda', 'a · sdb']);
});

test('a series alone has all its labels, and one without labels what it was given', () => {
  const one = series({ instance: 'a', cpu: '0' });
  assert.deepEqual(namesOf(one, false), ['a · cpu 0']);
  assert.deepEqual(namesOf(one, true), ['cpu 0']);
  assert.deepEqual(namesOf(series({ instance: 'a' }), true), ['given']);
});

test('the only instance is not a place', () => {
  assert.equal(placeOf({ instance: 'a', mountpoint: '/' }, true), '/');
  assert.equal(placeOf({ instance: 'a', mountpoint: '/' }, false), 'a · /');
  assert.equal(placeOf(null, true), '');
});
