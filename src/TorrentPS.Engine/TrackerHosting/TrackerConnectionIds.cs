using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TorrentPS.Engine.TrackerHosting;

/// <summary>
/// The connection ids that a UDP tracker issues (BEP 15): a keyed hash of the client's address and the minute. None is stored, none can be guessed, and none is valid for
/// another address, so that a client can neither announce for another nor have answers sent to it.
/// </summary>
internal sealed class TrackerConnectionIds(TimeProvider timeProvider)
{
    private const int SecondsPerSlot = 60;

    // Valid for two minutes after they were issued (BEP 15), and up to one more.
    private const int TakenSlots = 3;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly long _begin = timeProvider.GetTimestamp();

    private int Slot => (int)(timeProvider.GetElapsedTime(_begin).TotalSeconds / SecondsPerSlot);

    /// <summary>The current id for an address.</summary>
    public long Create(PeerKey address) => Create(address, Slot);

    /// <summary>Whether an id was issued to an address in the last minutes.</summary>
    public bool IsValid(long connectionId, PeerKey address)
    {
        int slot = Slot;
        for (int i = 0; i < TakenSlots && i <= slot; i++)
        {
            // The last two bits identify the slot, so that one hash is enough.
            if (((slot - i) & 3) == (int)(connectionId & 3))
                return Create(address, slot - i) == connectionId;
        }
        return false;
    }

    private long Create(PeerKey address, int slot)
    {
        Span<byte> data = stackalloc byte[20];
        address.WriteAddress(data);
        BinaryPrimitives.WriteInt32BigEndian(data[16..], slot);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, data, hash);
        return BinaryPrimitives.ReadInt64BigEndian(hash) & ~3L | (long)(slot & 3);
    }
}
