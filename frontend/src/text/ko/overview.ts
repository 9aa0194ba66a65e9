/** The Korean texts of the overview. */

export const overview = {
  groups: { app: 'API', ai: 'AI', db: '데이터베이스' },
  verdict: '종합 판정',
  tiles: '지표별 현재 상태',
  judged: '임계치 적용 지표',
  unjudged: '참고 지표',
  missingTitle: (n: number) => `데이터 없는 지표 ${n}개`,
  missingHelp: '아직 수집되지 않는 지표입니다. 각 지표에 필요한 설정은 다음과 같습니다.',
  missingFailed: '설정 방법을 불러오지 못했습니다.',
  waitingTitle: '첫 데이터를 기다리고 있습니다',
  waitingSoon: (seconds: number) => `약 ${seconds}초 안에 첫 값이 표시됩니다.`,
  waitingLong:
    '예상보다 오래 걸리고 있습니다. 터미널에서 jipyo doctor를 실행하면 원인을 확인할 수 있습니다.',
};
