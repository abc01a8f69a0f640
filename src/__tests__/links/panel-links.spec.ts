import { linkTo, withoutParameter } from '../../links/panel-links';

const PLAIN = {
  baseUrl: 'http://127.0.0.1:8888/',
  hubHost: '',
  hubPrefix: '',
  page: 'lab'
} as const;

describe('linkTo', () => {
  it.each([
    ['lst/DL1', PLAIN, 'http://127.0.0.1:8888/lab?cta-path=lst/DL1'],
    ['', PLAIN, 'http://127.0.0.1:8888/lab?cta-path='],
    [
      'a b/50%/#1?&c=d+e/ü',
      PLAIN,
      'http://127.0.0.1:8888/lab?cta-path=a%20b/50%25/%231%3F%26c%3Dd%2Be/%C3%BC'
    ],
    [
      'lst',
      { ...PLAIN, baseUrl: 'https://x.org/base/', page: 'tree' },
      'https://x.org/base/tree?cta-path=lst'
    ],
    [
      'lst',
      { ...PLAIN, baseUrl: 'https://x.org/user/ada/', hubPrefix: '/hub/' },
      'https://x.org/hub/user-redirect/lab?cta-path=lst'
    ],
    [
      'lst',
      {
        ...PLAIN,
        baseUrl: 'https://ada.x.org/user/ada/',
        hubHost: 'https://x.org',
        hubPrefix: '/jupyter/hub/'
      },
      'https://x.org/jupyter/hub/user-redirect/lab?cta-path=lst'
    ]
  ] as const)('writes %p', (path, options, link) => {
    expect(linkTo(path, options)).toBe(link);
    expect(new URL(link).searchParams.get('cta-path')).toBe(path);
  });
});

describe('withoutParameter', () => {
  it.each([
    ['http://x/lab?cta-path=a%20b', 'http://x/lab'],
    ['http://x/lab?a=1%20+2&cta-path=a&b#c', 'http://x/lab?a=1%20+2&b#c'],
    ['http://x/lab?cta-path', 'http://x/lab'],
    ['http://x/lab/tree/y?no-cta-path=1', 'http://x/lab/tree/y?no-cta-path=1']
  ])('makes of %p', (href, expected) => {
    expect(withoutParameter(href)).toBe(expected);
  });
});
