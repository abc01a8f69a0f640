import {
  CertificatesAPI,
  IFound,
  IInspection,
  IStored
} from '../../api/certificates';
import {
  Delegating,
  IResult,
  findingsOf
} from '../../certificates/delegation-session';
import { CertificatesModel } from '../../certificates/model';
import { Remembered } from '../../common/persisted-value';
import { IRequest, TestServer } from '../helpers/test-server';

const server = new TestServer();
let certificates: CertificatesModel;
let chosen: Remembered<string>;
let delegating: Delegating;
let requests: IRequest[];
let late: IResult[];
/** How requests are answered, by method and path. */
let answers: Record<string, (request: IRequest) => void>;

const GOOD: IInspection = {
  subject: '/DC=org/CN=Ada/CN=1',
  issuer: '/DC=org/CN=Ada',
  authority: '/DC=org/CN=CA',
  identity: '/DC=org/CN=Ada',
  kind: 'rfc3820',
  limited: false,
  not_before: '2026-11-25T14:00:00Z',
  not_after: '2026-11-26T02:00:00Z',
  vo: 'cta',
  fqans: ['/cta/Role=NULL/Capability=NULL'],
  key_present: true,
  fingerprint: 'ab12',
  blocked: false,
  findings: []
};

const BLOCKED: IInspection = {
  ...GOOD,
  blocked: true,
  findings: [{ level: 'block', code: 'not-pem', sentence: 'It is no PEM.' }]
};

const FOUND: IFound = {
  path: '/tmp/x509up_u1000',
  owner: 'ada',
  message: null,
  inspection: GOOD
};

const stored = (key: string): IStored => ({
  message: 'Certificate stored',
  validity: 'Thu, 26 Nov 2026 02:00:00 GMT',
  delegation: {
    key,
    identity: GOOD.identity,
    vo: 'cta',
    fqans: [],
    not_after: '2026-11-26T02:00:00Z',
    uploaded_at: '2026-11-25T14:00:00Z'
  }
});

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(async () => {
  server.log.length = 0;
  requests = [];
  late = [];
  answers = {
    'GET certificates': ({ answer }) =>
      answer(200, {
        now: '2026-11-25T14:00:00Z',
        service: null,
        keys: ['cta', 'lst'],
        delegations: []
      }),
    'GET certificates/found': ({ answer }) => answer(200, FOUND),
    'POST certificates/inspect': ({ answer }) => answer(200, GOOD),
    'PUT certificates/cta': ({ answer }) => answer(200, stored('cta')),
    'PUT certificates/lst': ({ answer }) => answer(200, stored('lst')),
    'PUT certificates/cta/found': ({ answer }) => answer(200, stored('cta'))
  };
  server.handler = request => {
    requests.push(request);
    answers[`${request.method} ${request.path}`](request);
  };
  certificates = new CertificatesModel(
    new CertificatesAPI(server.api.settings),
    () => true
  );
  await certificates.refresh();
  chosen = new Remembered<string>(null, 'key', 'cta');
  delegating = new Delegating(certificates, chosen, result => {
    late.push(result);
  });
});
afterEach(() => {
  delegating.dispose();
  certificates.dispose();
});

const pem = (content = 'proxy') => new File([content], 'x509up');

/** What was sent by such requests. */
const sent = (line: string) =>
  requests
    .filter(({ method, path }) => `${method} ${path}` === line)
    .map(({ body }) => body);

it('looks at a file first, and uploads what it has looked at', async () => {
  const looking = delegating.chooseFile(pem());
  expect(delegating.looking).toBe('x509up');
  expect(delegating.canUpload).toBe(false);
  await looking;
  expect(delegating.looking).toBeNull();
  expect(delegating.look).toEqual({ name: 'x509up', inspection: GOOD });
  expect(server.log.filter(line => line.startsWith('PUT'))).toEqual([]);

  delegating.key = 'lst';
  const sending = delegating.upload();
  expect(delegating.sending).toBe(true);
  expect(delegating.canUpload).toBe(false);
  await sending;
  expect(sent('POST certificates/inspect')).toEqual(['proxy']);
  expect(sent('PUT certificates/lst')).toEqual(['proxy']);
  expect(delegating.result?.stored?.message).toBe('Certificate stored');
  expect(chosen.value).toBe('lst');
  expect(late).toEqual([]);
});

it('takes the first key where the remembered one is not there any more', () => {
  chosen.value = 'gone';
  expect(delegating.key).toBe('cta');
});

it('reads no more than is needed to see that it is too much', async () => {
  await delegating.chooseFile(pem('x'.repeat(200_000)));
  expect(sent('POST certificates/inspect')[0]).toHaveLength(65537);
});

it('does not upload what is blocked', async () => {
  answers['POST certificates/inspect'] = ({ answer }) => answer(200, BLOCKED);
  await delegating.chooseFile(pem());
  expect(delegating.canUpload).toBe(false);
  await delegating.upload();
  expect(server.log.filter(line => line.startsWith('PUT'))).toEqual([]);
});

it('can look again when the server was down', async () => {
  const inspect = answers['POST certificates/inspect'];
  answers['POST certificates/inspect'] = ({ cut }) => cut();
  await delegating.chooseFile(pem());
  expect(delegating.error?.code).toBe('server-unreachable');
  expect(delegating.look).toBeNull();
  answers['POST certificates/inspect'] = inspect;
  await delegating.lookAgain();
  expect(delegating.error).toBeNull();
  expect(delegating.look?.inspection).toEqual(GOOD);
  expect(delegating.canUpload).toBe(true);
});

it('keeps the service’s refusal and its findings, and can try again', async () => {
  await delegating.chooseFile(pem());
  const upload = answers['PUT certificates/cta'];
  answers['PUT certificates/cta'] = ({ answer }) =>
    answer(424, {
      code: 'certificate-error',
      message: 'invalid certificate verification chain',
      findings: BLOCKED.findings
    });
  await delegating.upload();
  const refused = delegating.result?.refused;
  expect(refused?.message).toBe('invalid certificate verification chain');
  expect(refused && findingsOf(refused)).toEqual(BLOCKED.findings);
  expect(delegating.canUpload).toBe(true);
  answers['PUT certificates/cta'] = upload;
  await delegating.upload();
  expect(delegating.result?.refused).toBeNull();
  expect(certificates.known).toBe(true);
});

it('lets the last choice win, whichever look ends last', async () => {
  const open: IRequest[] = [];
  answers['POST certificates/inspect'] = request => open.push(request);
  const first = delegating.chooseFile(pem('first'));
  while (open.length < 1) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  const second = delegating.chooseFile(new File(['second'], 'other'));
  while (open.length < 2) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  open[1].answer(200, GOOD);
  await second;
  open[0].answer(200, BLOCKED);
  await first;
  expect(delegating.look).toEqual({ name: 'other', inspection: GOOD });
  await delegating.upload();
  expect(sent('PUT certificates/cta')).toEqual(['second']);
});

it('uploads the proxy on the server by its fingerprint', async () => {
  await delegating.findOnServer();
  expect(delegating.found).toEqual(FOUND);
  await delegating.chooseFound();
  expect(delegating.look?.name).toBe(FOUND.path);
  answers['PUT certificates/cta/found'] = ({ answer }) =>
    answer(409, { code: 'certificate-changed', message: 'It has changed.' });
  await delegating.upload();
  expect(sent('PUT certificates/cta/found')).toEqual([
    JSON.stringify({ fingerprint: 'ab12' })
  ]);
  expect(delegating.result?.refused?.code).toBe('certificate-changed');
  await delegating.lookAgain();
  expect(delegating.result).toBeNull();
  expect(delegating.canUpload).toBe(true);
});

it('says why the proxy on the server cannot be used', async () => {
  answers['GET certificates/found'] = ({ answer }) =>
    answer(200, { ...FOUND, message: 'Others can read it', inspection: null });
  await delegating.chooseFound();
  expect(delegating.error?.message).toBe('Others can read it');
  expect(delegating.canUpload).toBe(false);
});

it('forgets everything with its dialog, and tells what comes later', async () => {
  await delegating.chooseFile(pem());
  const sending = delegating.upload();
  delegating.dispose();
  await sending;
  expect(delegating.look).toBeNull();
  expect(delegating.canUpload).toBe(false);
  const kept = Object.values(delegating).filter(
    value => value instanceof Uint8Array || value instanceof Blob
  );
  expect(kept).toEqual([]);
  expect(sent('PUT certificates/cta')).toEqual(['proxy']);
  expect(late.map(({ key, stored: answer }) => [key, answer?.message])).toEqual(
    [['cta', 'Certificate stored']]
  );
});
