import { FileBrowser } from '@jupyterlab/filebrowser';
import { Contents } from '@jupyterlab/services';

/** The folder that receives downloads: the one that the local file browser shows. */
export class Workspace {
  constructor(
    private _contents: Contents.IManager,
    private _browser: FileBrowser | null
  ) {}

  /** Its path from the workspace's top, '' for the top itself. */
  get folder(): string {
    // Real-time collaboration puts a drive's name in front.
    return this._contents.localPath(this._browser?.model.path ?? '');
  }

  /** Show what has been added. */
  async refresh(): Promise<void> {
    await this._browser?.model.refresh();
  }
}
