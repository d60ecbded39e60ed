using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.Metadata;

/// <content>Hashes of pieces, which a .torrent has beside the metadata (BEP 52, "peer messages").</content>
internal sealed partial class MetadataPeer
{
    private const int MaxUnaskedHashes = 64;

    private readonly List<(int File, HashRange Range)> _hashesAsked = [];
    private double _hashesPausedUntil;
    private int _unaskedHashes;

    /// <summary>Whether the connection is one of version 2, and so carries hashes.</summary>
    public bool IsV2 { get; init; }

    /// <summary>Asks for as many hashes as it may be asked for now, if the time has come for them.</summary>
    public void AskForHashes()
    {
        if (!IsV2 || _swarm.Layers is not { } layers || _swarm.Now < _hashesPausedUntil)
            return;
        for (int i = 0; i < layers.Wanted.Length && _hashesAsked.Count < LayerFetch.Window && !_isClosed; i++)
        {
            (int file, int chunk) = layers.Wanted[i];
            HashRange range = layers.RangeOf(file, chunk);
            if (!layers.TryAsk(file, range, _swarm.Now, out int known))
                continue;
            _hashesAsked.Add((known, range));
            byte[] request = new byte[HashMessage.Length];
            HashMessage.Write(request, MessageId.HashRequest, layers.RootOf(known), range);
            Send(request);
        }
    }

    /// <summary>What it was asked for is others' to send.</summary>
    private void DisownHashes()
    {
        foreach ((int file, HashRange range) in _hashesAsked)
            _swarm.Layers?.Answered(file, range);
        _hashesAsked.Clear();
    }

    private void HandleHashes(MessageId id, ReadOnlySpan<byte> payload)
    {
        if (!IsV2 || _swarm.Layers is not { } layers)
            return; // nobody asked for them

        if (!HashMessage.TryRead(payload, out ReadOnlySpan<byte> root, out HashRange range, out ReadOnlySpan<byte> hashes))
        {
            Violate($"a message {id} of a wrong length");
            return;
        }

        int file = layers.FileOf(root);
        if (!_hashesAsked.Remove((file, range)))
        {
            if (++_unaskedHashes > MaxUnaskedHashes)
                Violate("unrequested hashes");
            return;
        }

        layers.Answered(file, range);
        EarnBack();
        if (id == MessageId.HashReject)
            _hashesPausedUntil = _swarm.Now + LayerFetch.PauseSeconds;
        else if (hashes.Length != range.HashesLength)
            Violate($"a message {id} of a wrong length");
        else if (!layers.Receive(file, range, hashes))
            _swarm.HashesWrong(this);
    }
}
