using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Swarm;

/// <summary>What a <see cref="DataWatch"/> asks of the torrent whose data it watches, and tells it. Called on the torrent's loop.</summary>
internal interface IServedData
{
    /// <summary>Whether a piece is served.</summary>
    bool Serves(int piece);

    /// <summary>One, by chance, of the pieces that blocks were sent of since this was last asked; -1 when none were.</summary>
    int TakeSample();

    /// <summary>A piece that is served is not what its hash says.</summary>
    void Spoilt(int piece);

    /// <summary>A piece could not be read.</summary>
    void Unreadable(int piece, TorrentException failure);

    /// <summary>Others have written a file, and all of it that is served is right.</summary>
    void Kept(int file);

    /// <summary>A fault of this program, or a failure that no piece is to blame for.</summary>
    void WatchFailed(Exception failure);
}
