/** Maximum number of places remembered in each direction. */
const MAX = 100;

/** A directory that the user visited, and the row that had the focus. */
export interface IPlace {
  path: string;
  focus: string | null;
}

/** The history of visited directories, as in a web browser. */
export class History {
  get canGoBack(): boolean {
    return this._back.length > 0;
  }

  get canGoForward(): boolean {
    return this._forward.length > 0;
  }

  /** Leave a place for a new one. */
  leave(place: IPlace): void {
    this._back.push(place);
    this._back.splice(0, this._back.length - MAX);
    this._forward = [];
  }

  /** Go back from a place; null if it is the first. */
  back(from: IPlace): IPlace | null {
    return this._move(this._back, this._forward, from);
  }

  forward(from: IPlace): IPlace | null {
    return this._move(this._forward, this._back, from);
  }

  private _move(out: IPlace[], into: IPlace[], from: IPlace): IPlace | null {
    const place = out.pop();
    if (!place) {
      return null;
    }
    into.push(from);
    return place;
  }

  private _back: IPlace[] = [];
  private _forward: IPlace[] = [];
}
