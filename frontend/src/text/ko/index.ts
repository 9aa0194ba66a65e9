/** The Korean texts by page. They define the shape of every other language. */

import { charts } from './charts.ts';
import { incidents } from './incidents.ts';
import { explore } from './explore.ts';
import { logs } from './logs.ts';
import { metric } from './metric.ts';
import { months } from './months.ts';
import { overview } from './overview.ts';
import { reports } from './reports.ts';
import { settings } from './settings.ts';
import { shell } from './shell.ts';
import { silences } from './silences.ts';
import { targets } from './targets.ts';

export const ko = {
  ...shell,
  ...settings,
  ...charts,
  ...overview,
  ...logs,
  ...metric,
  ...explore,
  ...targets,
  ...incidents,
  ...silences,
  ...reports,
  ...months,
};
