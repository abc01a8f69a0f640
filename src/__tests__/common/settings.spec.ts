import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { Settings } from '../../common/settings';

/** A registry that needs a while for each change. */
function slowRegistry(values: Record<string, unknown>) {
  const registered = {
    changed: { connect: () => true },
    get: (key: string) => ({ composite: values[key], user: undefined }),
    set: async (key: string, value: unknown) => {
      await new Promise(resolve => setImmediate(resolve));
      if (value === 'refused') {
        throw new Error('refused');
      }
      values[key] = value;
    }
  };
  return registered as unknown as ISettingRegistry.ISettings;
}

it('keeps all changes that are made at once', async () => {
  const settings = new Settings();
  await settings.connect(slowRegistry({ favourites: [{ path: 'a' }] }));
  await Promise.all(
    ['b', 'c', 'd'].map(path =>
      settings.change('favourites', favourites => [...favourites, { path }])
    )
  );
  expect(settings.get('favourites').map(({ path }) => path)).toEqual([
    ...'abcd'
  ]);
});

it('goes on after a change that fails', async () => {
  const settings = new Settings();
  await settings.connect(slowRegistry({ columns: [] }));
  const failed = settings.change('columns', () => 'refused' as never);
  const changed = settings.change('columns', () => ['size']);
  await expect(failed).rejects.toThrow('refused');
  await changed;
  expect(settings.get('columns')).toEqual(['size']);
});

it('keeps what was set before the settings were loaded', async () => {
  const settings = new Settings();
  await settings.change('favourites', () => [{ path: 'mine' }]);
  expect(settings.get('favourites')).toEqual([{ path: 'mine' }]);
  const values = { favourites: [], notifyAfter: 7 };
  await settings.connect(slowRegistry(values));
  expect(values).toEqual({ favourites: [{ path: 'mine' }], notifyAfter: 7 });
});
