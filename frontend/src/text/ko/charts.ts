/** The Korean texts of charts. */

import { WORDS } from '../words.ts';

const { 'health.state': state } = WORDS.ko;

export const charts = {
  charts: '추이',
  warningAt: (value: string) => `${state.warning} ${value}`,
  criticalAt: (value: string) => `${state.critical} ${value}`,
  origin: { specification: '매뉴얼 임계치', default: '기본 임계치', site: '사용자 설정 임계치' },
  pendingFor: (elapsed: string, span: string) => `${elapsed} / ${span} 경과`,
  pendingLeft: (severity: string, span: string) => `${span} 더 지속되면 ${severity}`,
  latest: '최신 값',
  at: (time: string) => `${time} 값`,
  mean: '평균',
  highest: '최대',
  current: '현재',
  series: '시계열',
  cases: (n: string, low: string, high: string) =>
    `n\u00a0=\u00a0${n}, 95% 신뢰구간 ${low}–${high}`,
  casesUnknown: '건수 미상',
  withCases: (value: string, cases?: string) => (cases ? `${value} (${cases})` : value),
  isolate: (name: string) => `${name}만 보기`,
  showAll: '모두 보기',
  more: (n: number) => `${n}개 더 보기`,
  less: '접기',
  noPoints: '이 기간에는 데이터가 없습니다.',
  chartLabel: (name: string, last: string, low: string, high: string) =>
    `${name}. 최신 ${last}, 최소 ${low}, 최대 ${high}. 좌우 화살표 키로 값을 읽습니다.`,
  breachCount: (n: number, span: string) => `임계치 초과 ${n}회, ${span}`,
  estimated: '추정 건수입니다. 소스가 외삽으로 계산합니다.',
  earlierMarks: (n: number) => `이전 ${n}건 더`,
  crossesOn: (date: string, value: string) => `${date} ${value} 도달 예상`,
  beyondLane: '초과',
  anomalyLane: '이상',
  spans: (n: number) => `${n}건`,
  noneInPeriod: '조회 기간에 없음',
  forecast: '예측(80% 구간)',
  lastWeek: '지난주',
  fromZero: '0부터',
  fitOnly: '값에 맞춤',
  heatNote: (shown: number, total: number) =>
    total > shown ? `시계열 ${total}개 중 가장 나쁜 ${shown}개, 색이 진할수록 큰 값` : `시계열 ${total}개, 색이 진할수록 큰 값`,
  logsThen: '이 시각의 로그 →',
  incidentThen: '장애 →',
  release: '고정 해제',
  clickHolds: '클릭하면 시각 고정',
  hourMeans: '1시간 평균값입니다.',
  hourExtremes: '1시간마다의 최솟값과 최댓값입니다.',
};
