using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// Decides which peer is asked for which piece of the metadata (BEP 9), assembles the pieces, and finds the senders of wrong data. No I/O.
/// </summary>
/// <remarks>
/// Only the hash of the whole tells right from wrong, so peers that declare the same size are trusted together at first: that is fast, and nearly always right. If the
/// hash is wrong, each is asked for a separate copy, some at a time; the first right one shows which peers sent wrong data. Peers that declare different sizes are never
/// combined. A peer that does not answer delays nothing: after a few seconds others are asked for the same pieces.
/// </remarks>
/// <param name="infoHash">The expected hash of the metadata: of both kinds, if there are both.</param>
/// <param name="maxSize">The maximum size in bytes.</param>
internal sealed class MetadataFetch(InfoHash infoHash, int maxSize)
{
    /// <summary>The maximum number of outstanding requests to one peer.</summary>
    public const int Window = 4;

    /// <summary>The time without an answer after which others are asked, too, in seconds.</summary>
    public const double PatienceSeconds = 3;

    /// <summary>The time without an answer after which a peer is paused, in seconds.</summary>
    public const double MuteSeconds = 20;

    /// <summary>The length of a pause after a reject or silence, in seconds.</summary>
    public const double PauseSeconds = 30;

    /// <summary>The maximum number of peers asked for a piece at once, when nothing else is left to request.</summary>
    private const int MaxAskers = 2;

    private readonly CopyShelf _shelf = new();
    private readonly List<MetadataCopy> _wrong = [];
    private readonly Queue<MetadataSource> _liars = new();

    /// <summary>The metadata, once it is complete and correct.</summary>
    public byte[]? Result { get; private set; }

    /// <summary>The received share of the most complete copy, 0 to 1.</summary>
    public double Progress => Result is not null ? 1 : _shelf.Copies().Select(copy => (double)copy.Received / copy.Count).DefaultIfEmpty(0).Max();

    /// <summary>The number of peers that declare the metadata.</summary>
    public int Sources => _shelf.Sources.Count;

    /// <summary>Whether the metadata can have this size.</summary>
    public bool Accepts(long? size) => size > 0 && size <= maxSize;

    public void Add(MetadataSource source) => _shelf.Sources.Add(source);

    public void Remove(MetadataSource source)
    {
        _shelf.Sources.Remove(source);
        source.Asked.Clear();
        source.OwnCopy = null;
    }

    /// <summary>The next piece to request from a peer, which is then marked as requested.</summary>
    public bool TryNext(MetadataSource source, double now, out int piece)
    {
        piece = -1;
        if (Result is not null || source.IsLiar || now < source.PausedUntil || source.Asked.Count >= Window || _shelf.For(source, now) is not { } copy)
            return false;
        int fewest = MaxAskers;
        int[] askers = Askers(copy, now);
        for (int i = 0; i < copy.Count && fewest > 0; i++)
        {
            if (askers[i] < fewest && !copy.Has(i) && !source.Asked.Exists(asked => asked.Piece == i))
                (piece, fewest) = (i, askers[i]);
        }

        if (piece < 0)
            return false;
        source.Asked.Add((piece, now));
        return true;
    }

    /// <summary>Processes a received piece.</summary>
    /// <returns>False if it was not requested from the peer.</returns>
    public bool Receive(MetadataSource source, int piece, int? totalSize, ReadOnlySpan<byte> data, double now)
    {
        int index = source.Asked.FindIndex(asked => asked.Piece == piece);
        if (index < 0)
            return false;
        source.Asked.RemoveAt(index);
        if ((totalSize ?? source.Size) != source.Size || data.Length != MetadataMessage.LengthOf(piece, source.Size))
            Convict(source);
        if (Result is not null || source.IsLiar || _shelf.For(source, now) is not { } copy || copy.Has(piece))
            return true;
        copy.Put(piece, data, source, now);
        if (copy.IsComplete)
            Verify(copy);
        return true;
    }

    /// <summary>The next peer found to have sent wrong data since the last call; null if there is none. It may have left.</summary>
    public MetadataSource? TakeLiar() => _liars.TryDequeue(out MetadataSource? liar) ? liar : null;

    /// <summary>The peer rejected a piece, and so will probably reject others for a while.</summary>
    public static void Reject(MetadataSource source, int piece, double now)
    {
        if (source.Asked.RemoveAll(asked => asked.Piece == piece) > 0)
            source.PausedUntil = now + PauseSeconds;
    }

    /// <summary>Periodic work: pauses peers that do not answer.</summary>
    public void Expire(double now)
    {
        foreach (MetadataSource source in _shelf.Sources)
        {
            if (source.Asked.RemoveAll(asked => now - asked.At > MuteSeconds) > 0)
                source.PausedUntil = now + PauseSeconds;
        }
    }

    /// <summary>For each piece, the number of peers that may still send it.</summary>
    private int[] Askers(MetadataCopy copy, double now)
    {
        int[] askers = new int[copy.Count];
        foreach (MetadataSource source in _shelf.Sources)
        {
            if (source.IsLiar || source.Size != copy.Size || (source.OwnCopy is not null && source.OwnCopy != copy))
                continue;
            foreach ((int piece, double at) in source.Asked)
            {
                if (now - at <= PatienceSeconds)
                    askers[piece]++;
            }
        }

        return askers;
    }

    private void Convict(MetadataSource source)
    {
        if (source.Convict())
            _liars.Enqueue(source);
    }

    [SuppressMessage("Security", "CA5350", Justification = "BEP 3 has SHA-1.")]
    private bool IsRight(byte[] metadata) =>
        (!infoHash.HasV1 || SHA1.HashData(metadata).AsSpan().SequenceEqual(infoHash.V1))
        && (!infoHash.HasV2 || SHA256.HashData(metadata).AsSpan().SequenceEqual(infoHash.V2));

    private void Verify(MetadataCopy copy)
    {
        byte[] metadata = copy.ToArray();
        if (IsRight(metadata))
        {
            Result = metadata;
            foreach (MetadataSource liar in _wrong.SelectMany(wrong => wrong.GiversOfOtherThan(metadata)))
                Convict(liar);
            return;
        }

        _shelf.Remove(copy);
        if (copy.OnlyGiver is { } giver)
        {
            Convict(giver);
            giver.OwnCopy = null;
            return;
        }

        if (_wrong.Count < CopyShelf.MaxCopies)
            _wrong.Add(copy);
        _shelf.Contest(copy.Size);
    }
}
