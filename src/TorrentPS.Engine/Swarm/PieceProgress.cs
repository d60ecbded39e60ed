using TorrentPS.Engine.Metainfo;

namespace TorrentPS.Engine.Swarm;

/// <summary>The amount of a torrent's data that is complete. Changed by one thread at a time, read from any.</summary>
internal sealed class PieceProgress(Torrent torrent, WantedFiles wanted)
{
    private long _bytesCompleted;
    private long _bytesLeft;
    private long _contiguousBytes;
    private int _firstGap; // the first missing wanted piece

    /// <summary>The number of complete wanted bytes.</summary>
    public long BytesCompleted => Volatile.Read(ref _bytesCompleted);

    /// <summary>The number of missing bytes of the whole torrent, by whole pieces.</summary>
    public long BytesLeft => Volatile.Read(ref _bytesLeft);

    /// <summary>The number of wanted bytes up to the first gap.</summary>
    public long ContiguousBytes => Volatile.Read(ref _contiguousBytes);

    /// <summary>Counts all pieces.</summary>
    public void Count(Bitfield have)
    {
        long completed = 0;
        long left = 0;
        for (int piece = 0; piece < have.Length; piece++)
        {
            completed += have[piece] ? wanted.Layout.BytesWantedIn(piece) : 0;
            left += have[piece] ? 0 : torrent.DataLengthOfPiece(piece);
        }

        Volatile.Write(ref _bytesCompleted, completed);
        Volatile.Write(ref _bytesLeft, left);
        _firstGap = 0;
        Volatile.Write(ref _contiguousBytes, 0);
        CountContiguous(have);
    }

    /// <summary>A piece is complete.</summary>
    public void Verified(int piece, Bitfield have)
    {
        Volatile.Write(ref _bytesCompleted, _bytesCompleted + wanted.Layout.BytesWantedIn(piece));
        Volatile.Write(ref _bytesLeft, _bytesLeft - torrent.DataLengthOfPiece(piece));
        CountContiguous(have);
    }

    /// <summary>A piece is no longer complete.</summary>
    public void Lost(int piece)
    {
        Volatile.Write(ref _bytesCompleted, _bytesCompleted - wanted.Layout.BytesWantedIn(piece));
        Volatile.Write(ref _bytesLeft, _bytesLeft + torrent.DataLengthOfPiece(piece));
        long contiguous = _contiguousBytes;
        while (_firstGap > piece)
            contiguous -= wanted.Layout.BytesWantedIn(--_firstGap);
        Volatile.Write(ref _contiguousBytes, contiguous);
    }

    private void CountContiguous(Bitfield have)
    {
        long bytes = _contiguousBytes;
        for (; _firstGap < have.Length && (have[_firstGap] || !wanted.Layout.WantedPieces[_firstGap]); _firstGap++)
            bytes += wanted.Layout.BytesWantedIn(_firstGap);
        Volatile.Write(ref _contiguousBytes, bytes);
    }
}
