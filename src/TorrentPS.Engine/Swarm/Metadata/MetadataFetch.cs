using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <summary>
/// Decides who is asked for which piece of the metadata (BEP 9), puts together what comes, and finds out who lies. No input or output.
/// </summary>
/// <remarks>
/// Nothing but the hash of the whole tells right from wrong, so peers that say the same size are trusted together first: that is fast, and
/// nearly always right. When the hash is wrong, each is asked for a copy of its own, some at a time; the first right one shows who lied.
/// Peers that say different sizes never mix. Who answers nothing holds up nobody: after a few seconds others are asked for the same.
/// </remarks>
/// <param name="infoHash">What the metadata's hash must be: both, when there are both.</param>
/// <param name="maxSize">Bytes that it may have.</param>
internal sealed class MetadataFetch(InfoHash infoHash, int maxSize)
{
    /// <summary>Requests to one peer at once.</summary>
    public const int Window = 4;

    /// <summary>After so long without an answer others are asked too, as though it had not been asked for.</summary>
    public const double PatienceSeconds = 3;

    /// <summary>After so long a peer is not asked for more, until a pause has passed.</summary>
    public const double MuteSeconds = 20;

    /// <summary>How long a peer is left alone that rejects or is mute.</summary>
    public const double PauseSeconds = 30;

    /// <summary>How many are asked for a piece at once when there is nothing else to ask for.</summary>
    private const int MaxAskers = 2;

    private readonly CopyShelf _shelf = new();
    private readonly List<MetadataCopy> _wrong = [];
    private readonly Queue<MetadataSource> _liars = new();

    /// <summary>The metadata, when it is complete and right.</summary>
    public byte[]? Result { get; private set; }

    /// <summary>How much of the copy that has most is there, 0 to 1.</summary>
    public double Progress => Result is not null ? 1 : _shelf.Copies().Select(copy => (double)copy.Received / copy.Count).DefaultIfEmpty(0).Max();

    /// <summary>How many peers say that they have it.</summary>
    public int Sources => _shelf.Sources.Count;

    /// <summary>Whether a size is one that the metadata can have.</summary>
    public bool Accepts(long? size) => size > 0 && size <= maxSize;

    public void Add(MetadataSource source) => _shelf.Sources.Add(source);

    public void Remove(MetadataSource source)
    {
        _shelf.Sources.Remove(source);
        source.Asked.Clear();
        source.OwnCopy = null;
    }

    /// <summary>The next piece to ask a peer for, which then counts as asked for.</summary>
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

    /// <summary>Takes a piece.</summary>
    /// <returns>False when the peer was not asked for it.</returns>
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

    /// <summary>The next of those found out to be liars since this was last asked; null when there is none. It may be gone.</summary>
    public MetadataSource? TakeLiar() => _liars.TryDequeue(out MetadataSource? liar) ? liar : null;

    /// <summary>The peer does not send a piece, and so most likely no other for a while.</summary>
    public static void Reject(MetadataSource source, int piece, double now)
    {
        if (source.Asked.RemoveAll(asked => asked.Piece == piece) > 0)
            source.PausedUntil = now + PauseSeconds;
    }

    /// <summary>Looks at the clock: leaves those alone that do not answer.</summary>
    public void Expire(double now)
    {
        foreach (MetadataSource source in _shelf.Sources)
        {
            if (source.Asked.RemoveAll(asked => now - asked.At > MuteSeconds) > 0)
                source.PausedUntil = now + PauseSeconds;
        }
    }

    /// <summary>How many peers have each piece under way who may still be expected to send it.</summary>
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
