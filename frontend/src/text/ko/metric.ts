/** The Korean texts of the page of a metric. */

export const metric = {
  metric: {
    back: '전체 지표',
    thresholds: '임계치',
    severity: '등급',
    threshold: '임계치',
    alertDuration: '지속 시간 조건',
    origin: '출처',
    none: '없음',
    required: '매뉴얼 필수 지표',
    seriesTable: '시계열별 값',
    breaches: '임계치 초과',
    noBreaches: '조회 기간에 임계치를 초과한 적이 없습니다.',
    start: '시작',
    duration: '지속 시간',
    ongoing: '진행 중',
    peak: '최고점',
    exporter: '익스포터',
    unknownTitle: '없는 지표입니다',
    unknownText: (id: string) => `카탈로그에 ${id} 지표가 없습니다.`,
    remedy: '이 지표에 필요한 설정',
  },
  outlook: {
    title: '예측',
    past: '과거(시간 평균)',
    expected: '예상값',
    interval: (share: string) => `${share} 구간`,
    label: (metric: string, series: string) => `${metric} ${series} 예측과 구간`,
    basis: (hours: number) => `${hours}시간의 시간 평균으로 예측:`,
    nothing: '예측에 쓸 이력이 아직 없습니다.',
  },
};
