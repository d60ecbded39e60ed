using TorrentPS.Engine.Errors;

namespace TorrentPS.Engine.Swarm;

/// <summary>The torrent's data, as seen by a <see cref="DataWatch"/>. Called on the torrent's loop.</summary>
internal interface IServedData
{
    /// <summary>Whether a piece is served.</summary>
    bool Serves(int piece);

    /// <summary>A random piece of those sent since the last call; -1 if there is none.</summary>
    int TakeSample();

    /// <summary>A served piece has a wrong hash.</summary>
    void Spoilt(int piece);

    /// <summary>A piece could not be read.</summary>
    void Unreadable(int piece, TorrentException failure);

    /// <summary>Another program has written a file, but all served pieces of it are right.</summary>
    void Kept(int file);

    /// <summary>A fault of this program, or an error that does not concern a piece.</summary>
    void WatchFailed(Exception failure);
}
